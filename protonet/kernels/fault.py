"""How a kernel reports a value that no layer can use, such as a label out of range: see Emit.fault.

if not 0 <= k < C:
    report(fault, n, x)
    continue
"""

from protonet.kernels.jit import inline

NAN = -(1 << 63)


@inline
def report(fault, index, value):
    """fault[0] <- 1 + index of the offender, the lowest seen so far; fault[1] <- its value, NAN for a NaN."""
    if fault[0] == 0 or index < fault[0] - 1:
        fault[0] = index + 1
        fault[1] = int(min(max(value, -9e18), 9e18)) if value == value else NAN
