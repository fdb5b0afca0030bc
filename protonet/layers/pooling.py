"""Pooling: the largest (MAX), the mean (AVE) or a draw (STOCHASTIC) of each window of each plane of (N, C, H, W).

    outputs = ceil((size + 2 pad - kernel) / stride) + 1

Rounded up, where Convolution rounds down (round_mode FLOOR, or ceil_mode false, rounds down here too); with a
pad, a last window that would begin beyond the map is left out; without one and stride > kernel, it stays and
is empty: -FLT_MAX, or a mean of 0 or 0 / 0.  AVE counts the pad, AVE_EXC_PAD and avg_include_pad: false do
not.  MAX's second top is the place of each winner, h * W + w. STOCHASTIC draws in TRAIN and gives the
expected number in TEST.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import max_wide, mean_pool, philox, pool, stochastic_pool
from protonet.layers.base import TRAIN, Layer, register
from protonet.layers.spatial import SIDES, by, same

MAX, AVE, STOCHASTIC, AVE_EXC_PAD = range(4)
FLOOR = 1
REFUSED = dict(output_shift_instead_division=0, saturate=0, axis=1)


@register("Pooling", spec="pooling_param")
class Pooling(Layer):
    tops = (1, 2)

    def check_counts(self):
        super().check_counts()
        if len(self.param.top) == 2 and self.spec.pool != MAX:
            raise NetError("a second top, the places of the largest, is for pool: MAX")
        for name, plain in REFUSED.items():
            if getattr(self.spec, name) != plain:
                raise NetError(f"{name} other than {plain} is not supported")

    def pair(self, name, default=None):
        """(h, w) of a parameter, given once as `name` or as name_h and name_w."""
        spec, h, w = self.spec, f"{name}_h", f"{name}_w"
        one = "kernel_size" if name == "kernel" else name
        pair = spec.HasField(h), spec.HasField(w)
        if any(pair) and (spec.HasField(one) or not all(pair)):
            raise ShapeError(f"give {one}, or {h} and {w}, not " + ("all" if spec.HasField(one) else "one of them"))
        if any(pair):
            return getattr(spec, h), getattr(spec, w)
        if default is None and not spec.HasField(one):
            raise ShapeError(f"kernel_size is missing: give it, or {h} and {w}, or global_pooling: true")
        return (getattr(spec, one),) * 2

    def geometry(self, x):
        """(kernel, stride, pad before, pad after, outputs), each (h, w)."""
        if len(x) != 4:
            raise ShapeError(f"expected a bottom of 4 axes (N, C, H, W), found {len(x)} axes: {tuple(x)}")
        spec, map_ = self.spec, tuple(x[2:])
        whole = spec.global_pooling
        if whole and any(spec.HasField(name) for name in ("kernel_size", "kernel_h", "kernel_w")):
            raise ShapeError("global_pooling takes the whole map: give no kernel_size with it")
        kernel = map_ if whole else self.pair("kernel")
        stride = self.pair("stride", 1)
        before, after = self.pads(map_, kernel)
        if min(kernel) < 1 or min(stride) < 1:
            raise ShapeError(f"kernel_size and stride must be at least 1, found {by(kernel)} and {by(stride)}")
        if whole and (any(before) or any(after) or stride != (1, 1)):
            raise ShapeError("global_pooling goes with pad 0 and stride 1")
        if any(before) or any(after):
            if spec.pool == STOCHASTIC:
                raise ShapeError("pool: STOCHASTIC takes no pad")
            if before == after and any(p >= k for p, k in zip(before, kernel, strict=True)):
                raise ShapeError(f"pad must be smaller than the kernel, found pad {by(before)}, kernel {by(kernel)}")
        return kernel, stride, before, after, self.outputs(map_, kernel, stride, before, after)

    def pads(self, map_, kernel):
        """(before, after): Synopsys' pad_l to pad_b and pad_type as in Convolution."""
        spec, sides = self.spec, tuple(getattr(self.spec, name) for name in SIDES)
        pad = self.pair("pad", 0)
        given = any(spec.HasField(name) for name in ("pad", "pad_h", "pad_w"))
        if (given and any(pad)) + any(sides) + (spec.pad_type != 0) > 1:
            raise ShapeError("pad, pad_l to pad_b and pad_type exclude each other: give one of them")
        if any(sides):
            return sides[:2], sides[2:]
        if spec.pad_type:
            return same(spec.pad_type, map_, kernel, self.pair("stride", 1))
        return pad, pad

    def outputs(self, map_, kernel, stride, before, after):
        down = self.spec.round_mode == FLOOR or not self.spec.ceil_mode
        if self.spec.pad_type:
            return tuple(-(-n // s) for n, s in zip(map_, stride, strict=True))
        found = []
        for n, k, s, b, a in zip(map_, kernel, stride, before, after, strict=True):
            room = n + b + a - k
            count = (room if down else room + s - 1) // s + 1
            if (any(before) or any(after)) and (count - 1) * s >= n + b:
                count -= 1
            if count < 1:
                raise ShapeError(
                    f"a window of {by(kernel)} does not fit a map of {by(map_)}: make kernel_size smaller or pad larger"
                )
            found.append(count)
        return tuple(found)

    def infer(self, x):
        *_, out = self.geometry(x)
        return [(*x[:2], *out)] * len(self.param.top)

    def planes(self, blob):
        n, c, *rest = blob.shape
        return blob.seen(n * c, *rest)

    def forward(self, emit, x, y, *mask):
        (kh, kw), (sh, sw), (ph, pw), after, (PH, PX) = self.geometry(x.shape)
        M = x.shape[0] * x.shape[1]
        seen, tops, tasks = self.planes(x), self.planes(y), pool.tasks(M, PH, PX)
        sizes = kh, kw, sh, sw
        if self.spec.pool == MAX and max_wide.fits(PX, kh, kw):
            where = emit.keep("where", M, PH, PX, dtype="int32")
            group, wide = max_wide.cut(M, *x.shape[2:])
            emit(max_wide.max_wide, seen, tops, where, *sizes, ph, pw, group, tasks=wide)
            for top in mask:
                emit(pool.place, where, self.planes(top), tasks=tasks)
        elif self.spec.pool == MAX:
            if mask or emit.wants(x):
                where = emit.keep("where", M, PH, PX, dtype="int32")
                emit(pool.max_pool, seen, tops, where, *sizes, ph, pw, tasks=tasks)
                for top in mask:
                    emit(pool.place, where, self.planes(top), tasks=tasks)
            else:
                emit(pool.max_pool_only, seen, tops, *sizes, ph, pw, tasks=tasks)
        elif self.spec.pool == STOCHASTIC and self.phase == TRAIN:
            where, r = emit.keep("where", M, PH, PX, dtype="int32"), emit.scratch(M, PH, PX)
            emit(philox.fill_uniform, r, 0.0, 1.0, emit.random, emit.stream, tasks=-(-r.count // philox.CHUNK))
            emit(stochastic_pool.draw, seen, r, tops, where, *sizes, tasks=M)
        elif self.spec.pool == STOCHASTIC:
            emit(stochastic_pool.expect, seen, tops, *sizes, tasks=M)
            if emit.wants(x):
                emit.save("x", x)
                emit.save("y", y)
        else:
            emit(mean_pool.average, seen, tops, *sizes, ph, pw, *after, self.inside, tasks=tasks)

    @property
    def inside(self):
        """Whether a mean counts the map alone."""
        return self.spec.pool == AVE_EXC_PAD or not self.spec.avg_include_pad

    def backward(self, emit, y, *rest):
        *_, x = rest
        if not emit.wants(x):
            return
        (kh, kw), (sh, sw), (ph, pw), after, (PH, PX) = self.geometry(x.shape)
        M = x.shape[0] * x.shape[1]
        seen, tasks = (M, PH, PX), pool.tasks(M, PH, PX)
        dy, dx = y.diff.seen(*seen), x.diff.seen(M, *x.shape[2:])
        if self.spec.pool == MAX or (self.spec.pool == STOCHASTIC and self.phase == TRAIN):
            emit(pool.place_grad, dy, emit.saved("where"), dx, tasks=tasks)
        elif self.spec.pool == STOCHASTIC:
            saved, tops = emit.saved("x").seen(M, *x.shape[2:]), emit.saved("y").seen(*seen)
            emit(stochastic_pool.expect_grad, saved, tops, dy, dx, kh, kw, sh, sw, tasks=M)
        else:
            sizes = kh, kw, sh, sw, ph, pw, *after
            emit(mean_pool.average_grad, dy, dx, *sizes, self.inside, tasks=tasks, private=mean_pool.PRIVATE)
