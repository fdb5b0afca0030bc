"""MultiStageMeanfield: a fully connected conditional random field as num_iterations steps of a network (CRF-RNN).

    bottoms   unary U (N, C, H, W), where to begin Q (N, C, H, W), image I (N, 3, H, W)
    top       Q after all steps of    q = softmax(Q) over C
                                      Q = U - compatibility (spatial Ks q + bilateral Kb q)

Ks and Kb are normalised Gaussian filters of positions / theta_gamma, and of positions / theta_alpha with colours /
theta_beta.  Parameters: spatial and bilateral (1, 1, C, C), which begin as the weights of the message on the diagonal,
and compatibility (1, 1, C, C), as -1 there.  arXiv:1502.03240; multi_stage_meanfield.cpp, meanfield_iteration.cpp
of torrvision/caffe, whose later dialect of seven blobs is not known here.

The surprise: the top is not normalised; a Softmax or its loss follows.  threshold is read by no version.
"""

from functools import partial

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.kernels import pointwise
from protonet.layers.base import Layer, Param, register
from protonet.layers.gaussian import Gaussian


@register("MultiStageMeanfield", spec="multi_stage_meanfield_param")
class MultiStageMeanfield(Layer):
    bottoms, constant = 3, (2,)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec = self.spec
        if spec.num_iterations < 2:
            raise NetError(f"num_iterations must be at least 2, found {spec.num_iterations}")
        if spec.compatibility_mode != spec.POTTS:
            raise NetError("compatibility_mode SEMI_METRIC is not done by any version of this layer: use POTTS")
        for name in "theta_alpha", "theta_beta", "theta_gamma":
            if not getattr(spec, name) > 0:
                raise NetError(f"{name} must be above 0, found {getattr(spec, name):g}")

    def infer(self, unary, begin, image):
        if len(unary) != 4 or begin != unary:
            raise ShapeError(f"expected two bottoms of one shape (N, C, H, W), found {unary} and {begin}")
        if image != (unary[0], 3, *unary[2:]):
            raise ShapeError(f"expected images {(unary[0], 3, *unary[2:])}, as large as the scores, found {image}")
        return [unary]

    def params(self, unary, begin, image):
        C, spec = unary[1], self.spec
        for name in ("spatial_filter_weight", "bilateral_filter_weight"):
            if not np.isfinite(getattr(spec, name)):
                raise NetError(f"{name} is a number, found {getattr(spec, name)}")
        weights = spec.spatial_filter_weight, spec.bilateral_filter_weight, -1
        starts = zip(("spatial", "bilateral", "compatibility"), weights, strict=True)
        return [Param(name, (1, 1, C, C), w * np.eye(C, dtype=np.float32)[None, None]) for name, w in starts]

    def forward(self, emit, unary, begin, image, y):
        learns = any(emit.wants(blob) for blob in (unary, begin, *emit.params))
        steps = self.spec.num_iterations if learns else 0
        states = emit.keep("states", steps, *unary.shape) if learns else emit.scratch(1)
        arrays = unary, begin, image, *emit.params, y, states
        emit.host(self.run, *arrays, out=[y, states])

    def run(self, unary, begin, image, spatial, bilateral, compatibility, y, states):
        for n in range(len(unary)):
            near, matrices = self.filters(image[n]), [m[0, 0] for m in (spatial, bilateral, compatibility)]
            (H, W), u, state = unary.shape[2:], rows(unary[n]), rows(begin[n])
            for k in range(self.spec.num_iterations):
                if states.size > 1:
                    states[k, n] = planes(state, H, W)
                state = u - message(near, softmax(state), *matrices)[0]
            y[n] = planes(state, H, W)

    def filters(self, image):
        """What Ks and Kb do, each with the factors that normalise it."""
        (_, H, W), spec = image.shape, self.spec
        place = np.stack(np.meshgrid(np.arange(W), np.arange(H)), -1).reshape(-1, 2).astype(np.float32)
        both = np.concatenate([place / spec.theta_alpha, rows(image) / spec.theta_beta], 1)
        found = [Gaussian(place / spec.theta_gamma), Gaussian(both)]
        one = np.ones((H * W, 1), np.float32)
        return [(each, 1 / (each(one) + np.float32(1e-20))) for each in found]

    def backward(self, emit, y, unary, begin, image):
        found = [emit.scratch(*unary.shape) for _ in range(2)]
        learned = [blob.diff for blob in emit.params if emit.wants(blob)]
        there = [emit.wants(blob) for blob in emit.params]
        matrices = [blob.data for blob in emit.params]
        given = y.diff, emit.saved("states"), image, *matrices, *found, *learned
        emit.host(partial(self.learn, there), *given, out=[*found, *learned])
        for blob, diff in zip((unary, begin), found, strict=True):
            if emit.wants(blob):
                emit(pointwise.copy, diff, blob.diff, tasks=pointwise.tasks(unary.shape))

    def learn(self, there, dy, states, image, spatial, bilateral, compatibility, du, dq, *learned):
        """there: which of the parameters learn."""
        ws, wb, wc = (m[0, 0] for m in (spatial, bilateral, compatibility))
        sums = [np.zeros_like(w) for w in (ws, wb, wc)]
        for n in range(len(dy)):
            near, (C, H, W) = self.filters(image[n]), dy.shape[1:]
            d, total = rows(dy[n]), np.zeros((H * W, C), np.float32)
            for k in reversed(range(self.spec.num_iterations)):
                total += d
                q = softmax(rows(states[k, n]))
                _, (s, b, m) = message(near, q, ws, wb, wc)
                sums[2] -= d.T @ m
                dm = -d @ wc
                sums[0] += dm.T @ s
                sums[1] += dm.T @ b
                back = sum(f(norm * (dm @ w), back=True) for (f, norm), w in zip(near, (ws, wb), strict=True))
                d = q * (back - (q * back).sum(1, keepdims=True))
            du[n], dq[n] = planes(total, H, W), planes(d, H, W)
        for grad, found in zip(learned, [found for found, yes in zip(sums, there, strict=True) if yes], strict=True):
            grad[0, 0] += found


def rows(x):
    """(C, H, W) as (H W, C)."""
    return np.ascontiguousarray(x.reshape(len(x), x[0].size if len(x) else 0).T)


def planes(x, H, W):
    return x.T.reshape(x.shape[1], H, W)


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def message(near, q, spatial, bilateral, compatibility):
    """(compatibility times the message, (its spatial part, its bilateral part, the message)); rows are pixels."""
    s, b = (norm * f(q) for f, norm in near)
    m = s @ spatial.T + b @ bilateral.T
    return m @ compatibility.T, (s, b, m)
