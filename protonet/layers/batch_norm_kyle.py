"""BatchNormKyle: BatchNorm under another name.          (forks)"""

from protonet.layers.base import register
from protonet.layers.batch_norm import BatchNorm


@register("BatchNormKyle", spec="batch_norm_param")
class BatchNormKyle(BatchNorm):
    pass
