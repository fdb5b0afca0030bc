"""How a kernel reports a value that no layer can use, such as a label out of range: see Emit.fault.

if not 0 <= k < C:
    report(fault, n, x)
    continue
"""

import struct

from protonet.kernels.bits import bits_of_float
from protonet.kernels.jit import f32, i64, inline


@inline
def report(fault, index, value):
    """fault[0] <- 1 + index of the offender, the lowest seen so far; fault[1] <- the bits of its value."""
    if fault[0] == 0 or index < fault[0] - 1:
        fault[0] = index + 1
        fault[1] = i64(bits_of_float(f32(value)))


def told(word):
    """The value that is reported, as a text: a whole number without a point, any other with six digits."""
    value = struct.unpack("f", struct.pack("i", word))[0]
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:g}"
