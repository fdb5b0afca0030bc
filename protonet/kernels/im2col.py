"""Windows of images as the columns of a matrix, a panel at a time: nothing larger than a panel is ever made.

Row (c, t) of the matrix is channel c at tap t of the window, column (n, p) is output position p of image n:

    columns[(c, t), (n, p)] = x[n, c, position(p) + offset(t)], 0 outside the image

Positions follow each other in runs along a row of the output; a run reads every sw-th float of one row of x,
so a panel is made of copies of runs.  `runs` lists them once for a range of columns, `gather` copies them for
a range of matrix rows, `scatter` adds the other way.  Maps have three axes (depth 1 for images).

Z, H, W map; kz, kh, kw window; sz.. strides; pz.. pads; dz.. dilations; OH, OW output.
"""

from protonet.kernels.atomic import put, word
from protonet.kernels.jit import i64, inline
from protonet.kernels.memory import add_lines, clear_lines, copy_even_lines, copy_lines, get
from protonet.kernels.memory import put as put_float

RUN = 48  # bytes of an entry: first column, length, image (bytes), first position of x along each axis


@inline
def runs(table, first, last, P, image, OH, OW, sz, sh, sw, pz, ph, pw):
    """List the runs of columns first to last (of n * P + p) in `table`; their number.  `image`: bytes from
    one to the next."""
    count, column = i64(0), first
    while column < last:
        n = column // P
        p = column - n * P
        line = p // OW
        ow = p - line * OW
        oz = line // OH
        oh = line - oz * OH
        length = min(OW - ow, last - column)
        entry = table + RUN * count
        put(entry, column - first)
        put(entry + 8, length)
        put(entry + 16, n * image)
        put(entry + 24, oz * sz - pz)
        put(entry + 32, oh * sh - ph)
        put(entry + 40, ow * sw - pw)
        count += 1
        column += length
    return count


@inline
def span(x, length, step, size):
    """The part [first, last) of a run from x in steps of `step` that lies in [0, size)."""
    if step == 1:
        first, last = max(0, -x), min(length, size - x)
    else:
        first, last = max(0, (step - 1 - x) // step), min(length, (size - x + step - 1) // step)
    return min(first, length), max(last, min(first, length))


@inline
def gather(x, to, pitch, table, count, low, high, order, C, Z, H, W, kz, kh, kw, dz, dh, dw, sw):
    """Rows low to high of the matrix, at the columns of the table; to: row `low`; lines of `to` are `pitch`
    bytes apart.

    Row (c, t) is c * T + t, or t * C + c in the other order.  A run is copied for all channels of a tap at
    once; of few channels and without clipping at the sides, for all taps of a line of the window.  Written in
    whole vectors: up to a vector of zeros after the end of a line.
    """
    T, S = kz * kh * kw, 4 * Z * H * W
    by_line = C < kw and (order == 0 or C == 1)
    for r in range(count):
        entry = table + RUN * r
        w, length = word(entry + 40), word(entry + 8)
        by_line &= w >= 0 and w + (kw - 1) * dw + (length - 1) * sw < W
    c_low, t_low, c_high, t_high = low // T, low % T, high // T, high % T
    if by_line:
        outer, stride, step = C, pitch, 4 * dw
    else:
        outer, stride, step = kw, pitch * (T if order == 0 else 1), S
    for k in range(outer):
        for a in range(kz):
            for i in range(kh):
                line = (a * kh + i) * kw
                if by_line:  # taps first to last of a line of channel k
                    row = k * T + line - low
                    first, last = max(0, -row), min(kw, high - low - row)
                    row, from_x, from_w = row + first, S * k, first * dw
                else:  # channels first to last at a tap
                    t = line + k
                    if order == 0:
                        first, last = c_low + (t < t_low), c_high + (t < t_high)
                        row = first * T + t - low
                    else:
                        first, last = max(0, low - t * C), min(C, high - t * C)
                        row = t * C + first - low
                    from_x, from_w = S * first, k * dw
                if first < last:
                    for r in range(count):
                        entry = table + RUN * r
                        place, length = to + pitch * row + 4 * word(entry), word(entry + 8)
                        z, h, w = word(entry + 24) + a * dz, word(entry + 32) + i * dh, word(entry + 40) + from_w
                        begin, end = span(w, length, sw, W)
                        if z < 0 or z >= Z or h < 0 or h >= H:
                            begin, end = length, length
                        source = x + word(entry + 16) + from_x + 4 * ((z * H + h) * W + w + begin * sw)
                        if begin > 0:
                            clear_lines(place, stride, begin, last - first)
                        if begin < end:
                            move(place + 4 * begin, stride, source, step, end - begin, last - first, sw)
                        if end < length:
                            clear_lines(place + 4 * end, stride, length - end, last - first)


@inline
def move(to, pitch, source, step, n, count, sw):
    """A run of `count` channels."""
    if sw == 1:
        copy_lines(to, pitch, source, step, n, count)
    elif sw == 2:
        copy_even_lines(to, pitch, source, step, n, count)
    else:
        for c in range(count):
            for k in range(n):
                put_float(to + c * pitch + 4 * k, get(source + c * step + 4 * sw * k))


@inline
def scatter(y, source, pitch, table, count, low, high, C, Z, H, W, kz, kh, kw, dz, dh, dw, sw):
    """Add rows low to high (t * C + c) of a matrix, at the columns of the table, to the places of y they are
    windows of."""
    S, t = 4 * Z * H * W, i64(0)
    for a in range(kz):
        for i in range(kh):
            for j in range(kw):
                c0, c1 = max(0, low - t * C), min(C, high - t * C)
                if c0 < c1:
                    start = source + pitch * (t * C + c0 - low)
                    for r in range(count):
                        entry = table + RUN * r
                        z, h, w = word(entry + 24) + a * dz, word(entry + 32) + i * dh, word(entry + 40) + j * dw
                        first, last = span(w, word(entry + 8), sw, W)
                        if 0 <= z < Z and 0 <= h < H and first < last:
                            place = start + 4 * (word(entry) + first)
                            to = y + word(entry + 16) + S * c0 + 4 * ((z * H + h) * W + w + first * sw)
                            move_back(to, S, place, pitch, last - first, c1 - c0, sw)
                t += 1


@inline
def move_back(to, step, source, pitch, n, count, sw):
    if sw == 1:
        add_lines(to, step, source, pitch, n, count)
    else:
        for c in range(count):
            for k in range(n):
                place = to + c * step + 4 * sw * k
                put_float(place, get(place) + get(source + c * pitch + 4 * k))
