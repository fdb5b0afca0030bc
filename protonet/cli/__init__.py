"""Train, test, time, deploy and run Caffe nets.

A verb is a module of this package: its docstring is its help, `arguments(add)` its options, `run(args)` what it does.
Only the module of the verb that is asked for is imported, so that help is there at once.
"""

import argparse
import logging
import os
import sys
from importlib import import_module

from protonet.errors import ProtonetError

VERBS = {
    "train": "train a net as a solver prototxt says",
    "test": "score a trained net on its test data",
    "time": "measure every layer, forward and backward",
    "deploy": "write a trained net as it will be served, BatchNorm folded, with proof",
    "compile": "plan and pack a deploy net for this machine, into one file that runs alone",
    "run": "use a net on images or arrays",
    "show": "what a net is made of: layers, shapes, parameters, cost",
    "check": "read prototxt files and report everything wrong with them",
    "upgrade": "write an old net or solver, text or weights, in today's form",
    "convert": "make an LMDB of a folder, a list or MNIST's idx files",
    "mean": "the mean image of a database",
    "demo": "the whole way on real handwritten digits: train, deploy, verify, predict",
    "warm": "compile all kernels now, so that nothing waits later",
}
COMPILING = "protonet.kernels.prepare"  # says what it does whatever the level, as it may take long


def main(argv=None):
    """The command line.  Returns the exit code; a ProtonetError is one line on stderr and 1."""
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        args = parser(argv).parse_args(argv)
        return args.run(args) or 0
    except ProtonetError as error:
        print(f"protonet: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader of our output has gone, as `| head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        print(f"protonet: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except MemoryError as error:
        print(f"protonet: not enough memory: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("protonet: interrupted", file=sys.stderr)
        return 130


def parser(argv):
    """The parser for this command line: all verbs by name, the one that is used in full."""
    from protonet import __version__

    whole = argparse.ArgumentParser(prog="protonet", description=__doc__.partition("\n")[0], allow_abbrev=False)
    whole.add_argument("--version", "-version", action="version", version=f"protonet {__version__}")
    verbs = whole.add_subparsers(metavar="verb", required=True)
    asked = next((word for word in argv if not word.startswith("-")), None)
    for name, summary in VERBS.items():
        if name != asked:
            verbs.add_parser(name, help=summary)
            continue
        module = import_module(f"protonet.cli.{name}")
        style = argparse.RawDescriptionHelpFormatter
        verb = verbs.add_parser(
            name, help=summary, description=module.__doc__, formatter_class=style, allow_abbrev=False
        )
        module.arguments(flags(verb))
        common(verb)
        verb.set_defaults(run=starting(module.run))
    return whole


def flags(verb):
    """`add` for a verb's options: `--name` may also be written `-name`, with a space or `=`, as gflags take them."""

    def add(*names, **options):
        spelled = [s for n in names for s in ((n, n[1:]) if n.startswith("--") else (n,))]
        return verb.add_argument(*spelled, **options)

    return add


def common(verb):
    """What every verb takes."""
    add = flags(verb)
    add(
        "--threads",
        type=int,
        metavar="N",
        help="threads to use (default: PROTONET_NUM_THREADS, or all usable cores)",
    )
    add("--max-memory", metavar="BYTES", help="memory a net may take, such as 8G (default: what is free)")
    add("--python-layers", action="store_true", help="allow a prototxt to name Python code, which is imported and run")
    add("--verbose", "-v", action="store_true", help="say what is done and why")
    add("--logtostderr", "--alsologtostderr", action="store_true", help=argparse.SUPPRESS)  # Caffe's; it is what we do


def positive(option, value):
    """Refuse a count below 1."""
    if value < 1:
        raise ProtonetError(f"{option} must be at least 1, found {value}")


def starting(run):
    def start(args):
        if args.threads is not None:
            positive("--threads", args.threads)
            os.environ["PROTONET_NUM_THREADS"] = str(args.threads)
        if args.max_memory is not None:
            from protonet.runtime import limit

            limit.parsed(args.max_memory)
            os.environ[limit.VARIABLE] = args.max_memory
        if args.verbose:
            logging.getLogger("protonet").setLevel(logging.INFO)
        logging.getLogger(COMPILING).setLevel(logging.INFO)
        from protonet.cli import glog

        glog.install()
        from protonet.layers import python

        python.allow(args.python_layers)
        return run(args)

    return start
