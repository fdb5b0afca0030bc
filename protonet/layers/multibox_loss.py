"""MultiBoxLoss: how far an SSD is from the ground truth, divided by the matched priors, or as loss_param says.

    loss = loc_weight * sum of smooth L1 (code - code of the truth), over matched priors
         + sum of -log softmax (or sigmoid cross entropy) of the labels, over matched priors and mined negatives

    bottoms   loc (N, P * 4), conf (N, P * classes), prior (1, 2, P * 4), truth (1, 1, G, 8): see ssd/
              or 5 or 6: behind them RefineDet's first stage has judged the priors, conf (N, P * 2), of which those
              below objectness_score are no negatives, and moved them, loc (N, P * 4): they match where they are then

Of the priors that match nothing, the neg_pos_ratio * matched with the largest loss count as background (MAX_NEGATIVE);
HARD_EXAMPLE takes the sample_size hardest of all.  arXiv:1512.02325, arXiv:1711.06897 (sfzhang15/RefineDet).  The
surprises: an image without ground truth counts nothing, not even as background; and the part whose propagate_down is
false is left out of the loss.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from protonet.errors import DataError, NetError, ShapeError
from protonet.kernels import losses as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.loss import divisor
from protonet.layers.ssd import codes, confidence, matching, mining, truth

NONE, MAX_NEGATIVE, HARD_EXAMPLE = range(3)
BIPARTITE = 0
L2, LOGISTIC = 0, 1


@dataclass
class Matched:
    """Priors that stand for a ground truth, one a row: of which image, by which of the places, which truth."""

    images: np.ndarray
    places: np.ndarray
    priors: np.ndarray
    truths: np.ndarray


@register("MultiBoxLoss", spec="multibox_loss_param")
class MultiBoxLoss(Layer):
    bottoms, loss, auto_tops, no_gradient = (4, 6), True, True, (2, 3)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec = self.spec
        if spec.num_classes < 1:
            raise NetError("num_classes must be at least 1, found none or 0")
        if spec.map_object_to_agnostic and spec.num_classes != 2:
            raise NetError(f"map_object_to_agnostic goes with num_classes: 2, found {spec.num_classes}")
        if spec.HasField("do_neg_mining") and spec.do_neg_mining != (spec.mining_type != NONE):
            raise NetError("do_neg_mining contradicts mining_type: leave it out")
        if spec.mining_type != NONE and not spec.share_location:
            raise NetError("mining is for share_location: true; give mining_type: NONE")
        if spec.mining_type == MAX_NEGATIVE and not 0 < spec.neg_pos_ratio < np.inf:
            raise NetError(f"neg_pos_ratio must be above 0, found {spec.neg_pos_ratio:g}")
        if spec.mining_type == HARD_EXAMPLE and spec.sample_size < 0:
            raise NetError(f"sample_size, the hard examples of an image, is at least 0, found {spec.sample_size}")
        self.constant = tuple(range(4, len(param.bottom)))
        odd = spec.HasField("nms_param") or spec.bp_inside or spec.mining_type == HARD_EXAMPLE
        if self.constant and (odd or not (spec.share_location and spec.use_prior_for_matching)):
            raise NetError(
                "a first stage goes with share_location and use_prior_for_matching, and without nms_param, bp_inside "
                "and HARD_EXAMPLE"
            )
        self.down = (*param.propagate_down, True, True)[:2] if param.propagate_down else (True, True)

    @property
    def places(self):
        return 1 if self.spec.share_location else self.spec.num_classes

    def infer(self, loc, conf, prior, gt, *first):
        if len(prior) < 3 or prior[1] != 2 or prior[2] % 4:
            raise ShapeError(f"expected priors of shape (1, 2, 4 for each), found {prior}")
        P, N = prior[2] // 4, loc[0] if loc else 0
        for what, shape, each in (("locations", loc, 4 * self.places), ("confidences", conf, self.spec.num_classes)):
            if not shape or shape[0] != N or np.prod(shape[1:]) != P * each:
                raise ShapeError(
                    f"expected {what} of shape {(N, P * each)}, {each} for each of {P} priors, found {shape}"
                )
        for shape, each in zip(first, (2, 4), strict=False):
            if not shape or shape[0] != N or np.prod(shape[1:]) != P * each:
                raise ShapeError(f"expected of the first stage shape {(N, P * each)}, found {shape}")
        if not gt or gt[-1] != 8:
            raise ShapeError(f"expected ground truth of shape (1, 1, any number, 8), found {gt}")
        return [()]

    def forward(self, emit, loc, conf, prior, gt, *rest):
        *first, loss = rest
        slopes = [emit.keep("loc slopes", loc.count), emit.keep("conf slopes", conf.count)]
        emit.host(self.run, loc, conf, prior, gt, loss, *slopes, *first, out=[loss, *slopes])

    def backward(self, emit, loss, loc, conf, *others):
        for blob, name in (loc, "loc slopes"), (conf, "conf slopes"):
            if emit.wants(blob):
                emit(kernels.times_loss, emit.saved(name), loss.diff, blob.diff, 1.0, tasks=tasks(blob.shape))

    def run(self, loc, conf, prior, gt, loss, loc_slopes, conf_slopes, *first):
        """The loss, and its slopes at every location and confidence."""
        spec, N = self.spec, loc.shape[0]
        if not N:
            loss[...] = 0
            return
        net = SimpleNamespace(
            loc=loc.reshape(N, -1, self.places, 4), conf=conf.reshape(N, -1, spec.num_classes), N=N
        )  # fmt: skip
        net.boxes, net.variances = codes.priors(prior)
        net.objects, net.moved = self.judged(net, *first)
        net.truth = truth.read(gt, spec.background_label_id, spec.num_classes)
        if not spec.use_difficult_gt:
            net.truth = net.truth.of(~net.truth.difficult)
        away = net.truth.images[(net.truth.images < 0) | (net.truth.images >= N)]
        if len(away):
            raise DataError(f"a ground truth is of image {away[0]}, but the batch has {N}")
        matched, negatives = self.chosen(net)
        total, counted = np.zeros(2), len(matched.priors)
        slopes = [np.zeros(net.loc.shape, np.float32), np.zeros(net.conf.shape, np.float32)]
        at = matched.images, matched.priors, matched.places
        values, slopes[0][at] = self.distances(net, matched)
        total[0] = spec.loc_weight * values.sum(dtype="d")
        slopes[0] *= spec.loc_weight
        labels = np.full(net.conf.shape[:2], spec.background_label_id)
        labels[matched.images, matched.priors] = self.labels(net, matched)
        rows = self.counted(net, matched, negatives)
        values, slopes[1][rows] = confidence.losses(net.conf[rows], labels[rows], spec.conf_loss_type == LOGISTIC)
        total[1] = values.sum(dtype="d")
        norm = max(divisor(self.param.loss_param, N, len(net.boxes)) or counted, 1)
        loss[...] = sum(value for value, down in zip(total, self.down, strict=True) if down) / norm
        for made, found in zip(slopes, (loc_slopes, conf_slopes), strict=True):
            found[...] = made.ravel() / np.float32(norm)

    def judged(self, net, conf=None, loc=None):
        """(whether each prior may hold an object, where it is then), (N, P) and (N, P, 4)."""
        N, P = net.conf.shape[:2]
        objects, moved = np.ones((N, P), bool), np.broadcast_to(net.boxes, (N, P, 4))
        if conf is not None:
            objects = conf.reshape(N, P, 2)[:, :, 1] >= np.float32(self.spec.objectness_score)
        if loc is not None:
            plain = self.spec.encode_variance_in_target
            moved = codes.decode(self.spec.code_type, net.boxes, net.variances, loc.reshape(N, P, 4), plain)
        return objects, moved

    def chosen(self, net):
        """(Matched, negatives as (images, priors)), after mining."""
        spec, found, negatives = self.spec, [], []
        for i in range(net.N):
            gt, places = net.truth.image(i), self.matches(net, i)
            if not places:
                continue
            if spec.mining_type != NONE:
                ((place, matches, overlaps),) = places
                values = self.hardness(net, i, matches, gt)
                boxes = net.boxes if spec.use_prior_for_nms else self.decoded(net, i, 0)
                matches, chosen = mining.mine(spec, matches, overlaps, values, boxes, net.objects[i])
                places = [(place, matches, overlaps)]
                negatives.append((np.full(len(chosen), i), chosen))
            offset = np.flatnonzero(net.truth.images == i)
            for place, matches, _ in places:
                priors = np.flatnonzero(matches >= 0)
                found.append((np.full(len(priors), i), np.full(len(priors), place), priors, offset[matches[priors]]))
        joined = [np.concatenate(parts) for parts in zip(*found, strict=True)] if found else [np.zeros(0, int)] * 4
        none = np.zeros(0, int), np.zeros(0, int)
        return Matched(*joined), [np.concatenate(p) for p in zip(*negatives, strict=True)] if negatives else none

    def matches(self, net, i):
        """[(place, truth of each prior, largest overlap)] for an image; none where it has no ground truth."""
        spec, gt = self.spec, net.truth.image(i)
        if not len(gt.labels):
            return []
        options = spec.overlap_threshold, spec.match_type != BIPARTITE, spec.ignore_cross_boundary_bbox
        classes = [c for c in range(spec.num_classes) if c != spec.background_label_id]
        if spec.use_prior_for_matching:
            matches, overlaps = matching.match(net.moved[i], gt.boxes, *options)
            if spec.share_location:
                return [(0, matches, overlaps)]
            of = np.where(matches >= 0, gt.labels[matches], -1)
            return [(c, np.where(of == c, matches, matching.FREE), overlaps) for c in classes]
        if spec.share_location:
            return [(0, *matching.match(self.decoded(net, i, 0), gt.boxes, *options))]
        found = []
        for c in classes:
            mine = np.flatnonzero(gt.labels == c)
            matches, overlaps = matching.match(self.decoded(net, i, c), gt.boxes[mine], *options)
            found.append((c, np.where(matches >= 0, np.append(mine, 0)[matches], matches), overlaps))
        return found

    def decoded(self, net, i, place):
        plain = self.spec.encode_variance_in_target
        return codes.decode(self.spec.code_type, net.boxes, net.variances, net.loc[i, :, place], plain)

    def labels(self, net, matched):
        found = net.truth.labels[matched.truths]
        return np.full_like(found, self.spec.background_label_id + 1) if self.spec.map_object_to_agnostic else found

    def counted(self, net, matched, negatives):
        """The (images, priors) whose confidences count."""
        if self.spec.mining_type == NONE:
            return tuple(np.indices(net.conf.shape[:2]).reshape(2, -1))
        return np.append(matched.images, negatives[0]), np.append(matched.priors, negatives[1])

    def distances(self, net, matched):
        """(loss, slopes) of the location of each match."""
        spec, priors = self.spec, matched.priors
        boxes, variances = net.moved[matched.images, priors], net.variances[priors]
        plain = spec.encode_variance_in_target
        target = codes.encode(spec.code_type, boxes, variances, net.truth.boxes[matched.truths], plain)
        d = net.loc[matched.images, priors, matched.places] - target
        if plain:
            d = d / variances
        if spec.bp_inside:
            seen = boxes
            if not spec.use_prior_for_matching:
                given = net.loc[matched.images, priors, matched.places]
                seen = codes.decode(spec.code_type, boxes, variances, given, plain)
            d = np.where((seen < 0) | (seen > 1), np.float32(0), d)
        if spec.loc_loss_type == L2:
            return (d * d / 2).sum(-1), d
        far = abs(d) >= 1
        return np.where(far, abs(d) - np.float32(0.5), d * d / 2).sum(-1), d.clip(-1, 1)

    def hardness(self, net, i, matches, gt):
        """The loss of each prior of an image, by which examples are mined."""
        labels = np.full(len(net.boxes), self.spec.background_label_id)
        labels[matches >= 0] = gt.labels[matches[matches >= 0]]
        values, _ = confidence.losses(net.conf[i], labels, self.spec.conf_loss_type == LOGISTIC)
        if self.spec.mining_type == HARD_EXAMPLE:
            priors = np.flatnonzero(matches >= 0)
            truths = np.flatnonzero(net.truth.images == i)[matches[priors]]
            rows = Matched(np.full(len(priors), i), np.zeros(len(priors), int), priors, truths)
            values[priors] += self.distances(net, rows)[0]
        return values
