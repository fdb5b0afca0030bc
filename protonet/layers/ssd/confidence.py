"""The loss of confidences (M, classes) by labels (M), and its slopes: -log softmax, or sigmoid cross entropy."""

import numpy as np

from protonet.kernels import confidence as kernels
from protonet.runtime.call import call


def losses(conf, labels, logistic=False):
    """(loss of each row, slopes (M, classes))."""
    conf, labels = np.ascontiguousarray(conf), np.ascontiguousarray(labels, np.int64)
    values, slopes = np.empty(len(conf), np.float32), np.empty(conf.shape, np.float32)
    call(kernels.confidence_loss, conf, labels, values, slopes, logistic, tasks=kernels.tasks(len(conf)))
    return values, slopes
