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
    if by_line:
        gather_lines(x, to, pitch, table, count, low, high, C, Z, H, W, kz, kh, kw, dz, dh, dw, sw)
    else:
        c_low, t_low, c_high, t_high = low // T, low % T, high // T, high % T
        stride = pitch * (T if order == 0 else 1)
        t = i64(0)
        for a in range(kz):
            for i in range(kh):
                for j in range(kw):
                    if order == 0:
                        c0, c1 = c_low + (t < t_low), c_high + (t < t_high)
                    else:
                        c0, c1 = max(0, low - t * C), min(C, high - t * C)
                    if c0 < c1:
                        start = to + pitch * ((c0 * T + t if order == 0 else t * C + c0) - low)
                        for r in range(count):
                            entry = table + RUN * r
                            place, length = start + 4 * word(entry), word(entry + 8)
                            z, h, w = word(entry + 24) + a * dz, word(entry + 32) + i * dh, word(entry + 40) + j * dw
                            if 0 <= z < Z and 0 <= h < H:
                                first, last = span(w, length, sw, W)
                                source = x + word(entry + 16) + S * c0 + 4 * ((z * H + h) * W + w + first * sw)
                                if first > 0:
                                    clear_lines(place, stride, first, c1 - c0)
                                move(place + 4 * first, stride, source, S, last - first, c1 - c0, sw)
                                if last < length:
                                    clear_lines(place + 4 * last, stride, length - last, c1 - c0)
                            else:
                                clear_lines(place, stride, length, c1 - c0)
                    t += 1


@inline
def gather_lines(x, to, pitch, table, count, low, high, C, Z, H, W, kz, kh, kw, dz, dh, dw, sw):
    """The same where nothing is outside at the sides: taps j of a line of the window are the same run, dw apart."""
    row, S = -low, 4 * Z * H * W
    for c in range(C):
        for a in range(kz):
            for i in range(kh):
                first, last = max(0, -row), min(kw, high - low - row)
                if first < last:
                    for r in range(count):
                        entry = table + RUN * r
                        place, length = to + pitch * (row + first) + 4 * word(entry), word(entry + 8)
                        z, h, w = word(entry + 24) + a * dz, word(entry + 32) + i * dh, word(entry + 40) + first * dw
                        if 0 <= z < Z and 0 <= h < H:
                            source = x + word(entry + 16) + S * c + 4 * ((z * H + h) * W + w)
                            move(place, pitch, source, 4 * dw, length, last - first, sw)
                        else:
                            clear_lines(place, pitch, length, last - first)
                row += kw


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
