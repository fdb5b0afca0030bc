"""Yolov3DetectionOutput: the boxes that a YOLOv3 has found: a row (image, label, score, x0, y0, x1, y1) for each.

    bottoms   mask_group_num maps (N, num_box * (5 + num_classes), H, W), coarse ones first
    top       (1, 1, boxes, 7): by image, best first; labels count from 1

Map t has the anchors that its part of `mask` picks from `biases`, in pixels of an image of H * anchors_scale[t].
Scores are sigmoid(object) * sigmoid(class); those above confidence_threshold stay, but for boxes that overlap a
better one of any class by nms_threshold.  arXiv:1804.02767.  Fork: yolov3_detection_output_layer.cpp of
eric612/MobileNet-YOLO, which calls all images 0 and mixes them; here each is by itself.
"""

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.layers import yolo
from protonet.layers.base import Layer, register


@register("Yolov3DetectionOutput", spec="yolov3_detection_output_param")
class Yolov3DetectionOutput(Layer):
    bottoms, dynamic = (1, None), True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec, groups = self.spec, len(param.bottom)
        self.no_gradient = tuple(range(groups))
        if spec.num_classes < 1 or spec.num_box < 1:
            raise NetError("num_classes and num_box must be at least 1")
        if groups != spec.mask_group_num or len(spec.anchors_scale) < groups:
            raise NetError(
                f"expected mask_group_num {spec.mask_group_num} bottoms, each with an anchors_scale, "
                f"found {groups} and {len(spec.anchors_scale)}"
            )
        if len(spec.mask) < groups * spec.num_box or 2 * max(spec.mask) + 1 >= len(spec.biases):
            raise NetError(f"mask must pick {spec.num_box} anchors of biases, two numbers each, for each bottom")

    def infer(self, *maps):
        spec = self.spec
        C = spec.num_box * (5 + spec.num_classes)
        for i, shape in enumerate(maps):
            if len(shape) != 4 or shape[0] != maps[0][0] or shape[1] != C or shape[2] != shape[3]:
                N = maps[0][0] if maps[0] else "N"
                raise ShapeError(f"expected square maps ({N}, {C}, n, n), found {shape} as bottom {i}")
        return [(1, 1, 1, 7)]

    def compute(self, *maps):
        spec, N = self.spec, len(maps[0])
        anchors = np.array(spec.biases, np.float32)[: len(spec.biases) // 2 * 2].reshape(-1, 2)
        group = len(spec.mask) // spec.mask_group_num
        boxes, scores = [], []
        for t, x in enumerate(maps):
            cells = yolo.split(x, spec.num_box)
            own = anchors[list(spec.mask[t * group : t * group + spec.num_box])]
            found = yolo.centered(cells, own / (max(1, x.shape[3]) * spec.anchors_scale[t]))
            count = spec.num_box * x.shape[2] * x.shape[3]
            boxes.append(yolo.corners(found).reshape(N, count, 4))
            scores.append(
                (yolo.sigmoid(cells[..., 4:5]) * yolo.sigmoid(cells[..., 5:])).reshape(N, count, spec.num_classes)
            )
        every = np.concatenate(boxes, 1), np.concatenate(scores, 1)
        rows = [self.rows(n, *(part[n] for part in every)) for n in range(N)]
        if any(map(len, rows)):
            return [np.concatenate(rows).reshape(1, 1, -1, 7)]
        nothing = np.full((1, 1, N, 7), -1, np.float32)
        nothing[0, 0, :, 0] = range(N)
        return [nothing]

    def rows(self, image, boxes, scores):
        spec = self.spec
        place, label = np.nonzero(scores > np.float32(spec.confidence_threshold))
        values = scores[place, label]
        chosen = yolo.kept(boxes[place], values, spec.nms_threshold)
        made = np.empty((len(chosen), 7), np.float32)
        made[:, 0], made[:, 1], made[:, 2] = image, label[chosen] + 1, values[chosen]
        made[:, 3:] = boxes[place[chosen]]
        return made

    def forward(self, emit, *blobs):
        """Nothing is emitted: see compute."""
