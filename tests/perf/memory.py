"""The peak memory of a call in a process of its own, beyond what its imports take.

python -m tests.perf.memory module:function JSON-ARGUMENTS
"""

import importlib
import json
import subprocess
import sys


def peak(call, *arguments):
    """MB that "module:function" with these arguments adds to a fresh process at most."""
    command = [sys.executable, "-m", __name__, call, json.dumps(arguments)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def high_water():
    """MB of memory this process has held at most."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


def main(call, arguments):
    module, _, name = call.partition(":")
    function = getattr(importlib.import_module(module), name)
    for heavy in ("torch", "onnxruntime", "openvino", "ncnn", "cv2"):
        if importlib.util.find_spec(heavy):
            importlib.import_module(heavy)
    before = high_water()
    function(*json.loads(arguments))
    print(high_water() - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
