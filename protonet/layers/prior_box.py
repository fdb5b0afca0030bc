"""PriorBox: for each position of a map, boxes of an image to start from: SSD's default boxes (arXiv:1512.02325).

bottoms: the map (N, C, H, W) and the image (N, 3, height, width), of which only the sizes matter.  The top is
(1, 2, H * W * boxes * 4): corners xmin, ymin, xmax, ymax in units of the image, and below them their variances.

Boxes, for each min_size: square; if there is a max_size, square of sqrt(min_size * max_size); one for each aspect_ratio
and, unless flip is false, its inverse.
"""

from math import inf, prod, sqrt

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.memory import pass_on
from protonet.runtime.step import Buffer

FORKS = "width", "height", "fixed_size", "fixed_ratio", "density", "keras", "faceboxes", "box_width", "box_height"


@register("PriorBox", spec="prior_box_param")
class PriorBox(Layer):
    bottoms, no_gradient = 2, (0, 1)
    refused = (*FORKS, "tf", "yx_order", "offset_h", "offset_w")

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec = self.spec
        self.least, self.most = list(spec.min_size), list(spec.max_size)
        if not self.least or min(self.least) <= 0:
            raise NetError(f"min_size is given at least once, above 0, found {self.least}")
        if self.most and len(self.most) != len(self.least):
            raise NetError(f"max_size is given once for each min_size: found {len(self.most)} for {len(self.least)}")
        for low, high in zip(self.least, self.most, strict=False):
            if high <= low:
                raise NetError(f"max_size must be above its min_size, found {high:g} for {low:g}")
        if not all(0 < ratio < inf for ratio in spec.aspect_ratio):
            raise NetError(f"aspect_ratio, width by height, must be above 0, found {list(spec.aspect_ratio)}")
        if len(spec.variance) not in (0, 1, 4) or min(spec.variance, default=1) <= 0:
            raise NetError(f"variance is given once, or four times, above 0, found {list(spec.variance)}")
        if spec.HasField("img_size") and (spec.HasField("img_h") or spec.HasField("img_w")):
            raise NetError("give img_size, or img_h and img_w, not both")
        if spec.HasField("step") and (spec.HasField("step_h") or spec.HasField("step_w")):
            raise NetError("give step, or step_h and step_w, not both")

    @property
    def ratios(self):
        """Aspect ratios besides 1, each once."""
        found = [1.0]
        for given in self.spec.aspect_ratio:
            if all(abs(given - ratio) >= 1e-6 for ratio in found):
                found += [given, 1 / given] if self.spec.flip else [given]
        return found[1:]

    def sizes(self):
        """(width, height) of each box, in pixels."""
        for i, low in enumerate(self.least):
            yield low, low
            if self.most:
                yield (sqrt(low * self.most[i]),) * 2
            for ratio in self.ratios:
                yield low * sqrt(ratio), low / sqrt(ratio)

    def infer(self, x, image):
        if len(x) != 4 or len(image) != 4:
            raise ShapeError(f"expected a map and an image (N, C, H, W), found {x} and {image}")
        if not prod(image[2:]):
            raise ShapeError(f"expected an image with pixels, found {image}")
        return [(1, 2, x[2] * x[3] * len(list(self.sizes())) * 4)]

    def boxes(self, x, image):
        """What the top holds."""
        spec, (high, wide) = self.spec, image[2:]
        high, wide = spec.img_size or spec.img_h or high, spec.img_size or spec.img_w or wide
        step_h, step_w = (
            spec.step or spec.step_h or high / max(1, x[2]),
            spec.step or spec.step_w or wide / max(1, x[3]),
        )
        h, w = ((np.arange(n) + spec.offset) * step for n, step in zip(x[2:], (step_h, step_w), strict=True))
        sizes = np.array(list(self.sizes()))
        centres = np.stack(np.broadcast_arrays(w[None, :], h[:, None]), -1)[:, :, None]
        corners = np.concatenate([centres - sizes / 2, centres + sizes / 2], -1) / [wide, high, wide, high]
        if spec.clip:
            corners = corners.clip(0, 1)
        variance = list(spec.variance) or [0.1]
        variances = np.broadcast_to(variance if len(variance) == 4 else variance * 4, corners.shape)
        return np.stack([corners, variances]).astype(np.float32).ravel()

    def forward(self, emit, x, image, y):
        boxes = self.boxes(x.shape, image.shape)
        pass_on(emit, Buffer((y.count,), "own", f"{self.name} boxes", memory=boxes), y)
