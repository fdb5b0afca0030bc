"""python -m tests.kernels.assembly_of CPU TRIPLE: how many sums the hot kernels keep on the stack on another CPU.

Prints a line for each kernel: its name, the most vectors multiplied in one of its innermost loops, and the most that
one of those with at least half as many products stores to the stack.  Of AArch64 too, though nothing of it can run:
kernels are made as for NEON, and LLVM writes its code.
"""

import os
import re
import sys

X86 = {"haswell": "+avx2,+avx,+fma,+bmi,+bmi2,+popcnt,+sse4.2", "nehalem": "+popcnt,+sse4.2"}
PRODUCT = re.compile(r"\bvfn?m(?:add|sub)\d+ps|\bv?mulps|\bfml[as]\b")
STORE = re.compile(r"\bv?mov[au]p[sd]\s+%[xyz]mm\d+, -?\d*\(%rsp|\bst[rpu]+\s+q\d+.*\[sp")
LABEL = re.compile(r"(\.L\w+):")
JUMP = re.compile(r"\s(?:j\w+|b\.?\w*|cbn?z|tbn?z)\s.*?(\.L\w+)$")


def loops(lines):
    """The lines of each innermost loop."""
    at = {}
    for i, line in enumerate(lines):
        if match := LABEL.match(line):
            at[match[1]] = i
        match = JUMP.search(line.rstrip())
        if match and match[1] in at and not any(LABEL.match(each) for each in lines[at[match[1]] + 1 : i]):
            yield lines[at[match[1]] : i]


def count(pattern, lines):
    return sum(bool(pattern.search(line)) for line in lines)


def main(cpu, triple):
    arm = cpu not in X86
    os.environ |= {"NUMBA_CPU_NAME": "nehalem" if arm else cpu, "NUMBA_CPU_FEATURES": X86.get(cpu, X86["nehalem"])}
    import llvmlite.binding as llvm

    if arm:
        from tests.kernels import neon

        neon.play()
    from protonet.engine import choose, tiles
    from protonet.kernels import compile, conv_blocked, conv_weights, gemm, winograd

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(triple)
    machine = target.create_target_machine(cpu=cpu, features=X86.get(cpu, ""), opt=3, reloc="pic" if arm else "static")
    kernels = [conv_blocked.conv(*tile) for tile in tiles.TILES + tiles.SMALL]
    kernels += [winograd.make_product((4, 3), *tile, conv_blocked.BELOW) for tile in choose.PAIRS]
    kernels += [conv_weights.make(conv_weights.INPUTS, conv_weights.WIDEST), gemm.gemm]
    for k in kernels:
        made = compile.module(k.symbol(), *compile.signature(k, ()))[0]
        if not arm:
            made = compile.scheduled(made)
        else:
            text = re.sub(r"^target .*\n", "", str(made), flags=re.MULTILINE)
            made = llvm.parse_assembly(f'target triple = "{triple}"\n' + text)
            made.data_layout = str(machine.target_data)
        lines = machine.emit_assembly(made).splitlines()
        found = [(count(PRODUCT, inside), count(STORE, inside)) for inside in loops(lines)]
        most, _ = max(found)
        stores = max(stores for products, stores in found if 2 * products >= most)
        sys.stdout.write(f"{k.name} {most} {stores}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
