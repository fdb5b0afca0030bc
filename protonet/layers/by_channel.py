"""The steps of a convolution of each channel by itself, for convolve.py: m is its Map, of groups of one channel."""

from protonet.kernels import depthwise_plain as kernels

OWN = dict(private=kernels.PRIVATE)
FEW = 8  # outputs of a channel: for more, matrix products are quicker


def applies(m):
    """Whether the kernels for single channels do this convolution: two axes, and lines that fit a thread's
    memory."""
    flat = m.sizes[0] == m.kernel[0] == m.out[0] == 1 and m.before[0] == 0
    alone = m.C == 1 and m.G > 1 and m.K <= FEW
    return alone and flat and all(kernels.fits(*line) for line in ((m.out[2], *window(m)), (m.sizes[2], *window(m))))


def window(m):
    return *m.kernel[1:], *m.dilation[1:], *m.stride[1:]


def words(m):
    return *m.sizes[1:], *m.kernel[1:], *m.stride[1:], *m.before[1:], *m.dilation[1:], *m.out[1:]


def forward(emit, m, w, bias, x, y):
    given = w if bias is None else bias
    planes, windows = x.seen(m.N, m.G, m.S), w.seen(m.G * m.K, m.T)
    emit(kernels.forward, planes, windows, given, m.y(y), bias is not None, 0, 1, *words(m), tasks=m.N * m.G, **OWN)


def data_gradient(emit, m, w, dy, dx, bias):
    given, tasks = w if bias is None else bias, m.N * m.G
    if m.stride == (1, 1, 1):
        planes, windows = dy.seen(m.N, m.G * m.K, m.P), w.seen(m.G * m.K, m.T)
        sums = dx.seen(m.N, m.G, 1, m.S)
        there = words(m.turned)
        emit(kernels.forward, planes, windows, given, sums, bias is not None, 1, m.K, *there, tasks=tasks, **OWN)
    else:
        windows, planes = w.seen(m.G, m.K, m.T), dx.seen(m.N, m.G, m.S)
        emit(kernels.data, m.y(dy), windows, given, planes, bias is not None, *words(m), tasks=tasks, **OWN)


def weight_gradient(emit, m, x, dy, dw):
    planes, windows = x.seen(m.N, m.G, m.S), dw.seen(m.G, m.K, m.T)
    emit(kernels.weights, planes, m.y(dy), windows, *words(m), tasks=m.G * m.K, **OWN)
