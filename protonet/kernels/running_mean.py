"""The mean of the images seen, by number and by channel.  x is N x C x S.  A task is a channel."""

from protonet.kernels.jit import f32, f64, kernel

N, C, S = "NCS"


@kernel(out="count")
def count_batch(count: f32[1], begin, end):
    count[0] += 1.0


@kernel(out="mean channel")
def learn(x: f32[N, C, S], count: f32[1], mean: f32[C, S], channel: f32[C], most: f32, begin, end):
    """Up to batch `most`: mean <- that of count batches, channel <- the mean of each channel of it."""
    N, C, S = x.shape
    if count[0] <= most:
        share = 1.0 / f32(N)
        for c in range(begin, end):
            total = f64(0)
            for s in range(S):
                mean[c, s] *= count[0] - 1.0
            for n in range(N):
                for s in range(S):
                    mean[c, s] += share * x[n, c, s]
            for s in range(S):
                mean[c, s] /= count[0]
                total += f64(mean[c, s])
            channel[c] = f32(total / f64(S))


@kernel(y="x", out="y")
def subtract(x: f32[N, C, S], mean: f32[C, S], y: f32[N, C, S], begin, end):
    """y <- x - mean."""
    N, _, S = x.shape
    for c in range(begin, end):
        for n in range(N):
            for s in range(S):
                y[n, c, s] = x[n, c, s] - mean[c, s]


@kernel(y="x", out="y")
def subtract_channel(x: f32[N, C, S], channel: f32[C], y: f32[N, C, S], begin, end):
    """y <- x - channel."""
    N, _, S = x.shape
    for c in range(begin, end):
        for n in range(N):
            for s in range(S):
                y[n, c, s] = x[n, c, s] - channel[c]
