"""MultinomialLogisticLoss in numpy."""

import numpy as np


def multinomial_logistic_loss(p, label):
    picked = p.reshape(len(p), -1)[np.arange(len(p)), label.ravel().astype(int)]
    return -np.log(np.maximum(picked, 1e-20)).mean()
