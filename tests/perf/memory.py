"""The peak memory of a call in a process of its own, beyond what its imports take: resident pages, not addresses.

python -m tests.perf.memory module:function JSON-ARGUMENTS [module:function]

The second function is called before, with the same arguments: it loads what code the first one will want.
"""

import importlib
import json
import subprocess
import sys
from contextlib import suppress


def peak(call, *arguments, first=None):
    """MB that "module:function" with these arguments adds to a fresh process at most."""
    command = [sys.executable, "-m", __name__, call, json.dumps(arguments), *([first] if first else [])]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def resident(what="VmRSS"):
    """MB of memory this process holds; VmHWM: has held at most."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(what))


def begin():
    """Forget what was held before, where the system can; returns MB held now."""
    with suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return resident()


def named(call):
    module, _, name = call.partition(":")
    return getattr(importlib.import_module(module), name)


def main(call, arguments, *first):
    function = named(call)
    for heavy in ("torch", "onnxruntime", "openvino", "ncnn", "cv2"):
        if importlib.util.find_spec(heavy):
            importlib.import_module(heavy)
    for each in first:
        named(each)(*json.loads(arguments))
    before = begin()
    function(*json.loads(arguments))
    print(resident("VmHWM") - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
