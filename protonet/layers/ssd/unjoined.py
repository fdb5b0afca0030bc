"""What Synopsys' DetectionOutput takes: each map's confidences, each one's locations, and priors, joined or not.

    bottoms   conf of map 1 to n, loc of map 1 to n (n is nbottom); priors of all, or of each

    plain           conf (N, R * classes), loc (N, R * 4), as SSD's own before their Concat; R boxes
    no_permute      conf (N, classes, A, H * W), loc (N, A * 4, H, W): A boxes a place, as convolutions leave them
    ratio_permute   conf (N, classes * R), loc (N, 4 * R), channels before boxes; joined priors are taken by their
                    ratio<n> boxes a place, those of each map are (1, 2, 4 * R), coordinates before boxes

The surprise: where joined priors change their order, their variances do not.  detection_output_layer.cpp of
foss-for-synopsys-dwc-arc-processors/synopsys-caffe.
"""

import numpy as np

from protonet.errors import NetError, ShapeError


class Unjoined:
    """spec: a DetectionOutputParameter; places: codes for each prior."""

    def __init__(self, spec, bottoms, places):
        self.spec, self.n, self.places = spec, spec.nbottom, places
        self.joined_priors = bottoms == 2 * self.n + 1
        if not self.joined_priors and bottoms != 3 * self.n:
            raise NetError(
                f"takes 3 to 5 bottoms, or of nbottom {self.n} maps {2 * self.n + 1} or {3 * self.n}; found {bottoms}"
            )
        if spec.no_permute and not self.joined_priors:
            raise NetError("no_permute takes the priors of all maps as one bottom")
        if spec.ratio_permute and (places > 1 or self.n > 6):
            raise NetError("ratio_permute is for at most six maps, and share_location: true")

    def check(self, *shapes):
        """(N, P): images and priors; refuses maps that do not fit each other."""
        confs, locs, priors = shapes[: self.n], shapes[self.n : 2 * self.n], shapes[2 * self.n :]
        N, P, classes = confs[0][0] if confs[0] else 0, 0, self.spec.num_classes
        for i, (conf, loc) in enumerate(zip(confs, locs, strict=True)):
            boxes = int(np.prod(loc[1:])) // (4 * self.places) if loc else 0
            wanted = [(N, classes, loc[1] // (4 * self.places), loc[2] * loc[3])] if len(loc) == 4 else []
            if not self.spec.no_permute:
                wanted = [tuple(conf)] if conf and np.prod(conf[1:]) == boxes * classes else []
            if not loc or loc[0] != N or np.prod(loc[1:]) % (4 * self.places) or tuple(conf) not in wanted:
                raise ShapeError(f"map {i + 1}: confidences {conf} and locations {loc} are not of the same boxes")
            P += boxes
        found = sum(shape[2] for shape in priors if len(shape) > 2)
        if found != 4 * P or any(shape[1] != 2 for shape in priors):
            raise ShapeError(f"expected priors (1, 2, {4 * P}) in all, 4 for each of {P} boxes, found {priors}")
        return N, P

    def join(self, *arrays):
        """SSD's own three: loc (N, P * places * 4), conf (N, P * classes), prior (1, 2, P * 4)."""
        confs, locs, priors = list(arrays[: self.n]), list(arrays[self.n : 2 * self.n]), arrays[2 * self.n :]
        N, classes, spec = len(confs[0]), self.spec.num_classes, self.spec
        if spec.no_permute:
            locs = [x.reshape(N, -1, self.places * 4, x.shape[2] * x.shape[3]).swapaxes(2, 3) for x in locs]
            sizes = [(x.shape[2], x.shape[1]) for x in locs]
            confs = [x.reshape(N, classes, -1).swapaxes(1, 2) for x in confs]
        elif spec.ratio_permute:
            locs, confs = ([x.reshape(N, m, -1).swapaxes(1, 2) for x in xs] for xs, m in ((locs, 4), (confs, classes)))
            ratios = [getattr(spec, f"ratio{i}") for i in range(self.n)]
            sizes = [(max(1, x.shape[1] // r), r) for x, r in zip(locs, ratios, strict=True)]
        loc, conf = (np.concatenate([x.reshape(N, -1) for x in xs], 1) for xs in (locs, confs))
        prior = [x.reshape(1, 2, -1) for x in priors]
        if spec.ratio_permute and not self.joined_priors:
            prior = [x.reshape(1, 2, 4, -1).swapaxes(2, 3).reshape(1, 2, -1) for x in prior]
        whole = np.concatenate(prior, 2)
        if self.joined_priors and (spec.no_permute or spec.ratio_permute):
            whole = whole.copy()
            whole[0, 0] = self.by_ratio(whole[0, 0].reshape(-1, 4), sizes).ravel()
        return loc, conf, whole

    @staticmethod
    def by_ratio(boxes, sizes):
        """Boxes that lie by place, then by ratio, the other way round: sizes (places, ratios) of each map."""
        starts = np.cumsum([0, *(p * r for p, r in sizes)])
        parts = [boxes[at : at + p * r].reshape(p, r, 4) for at, (p, r) in zip(starts, sizes, strict=False)]
        return np.concatenate([part.swapaxes(0, 1).reshape(-1, 4) for part in parts])
