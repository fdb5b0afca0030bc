"""Read prototxt files and report everything wrong with them, each with its place and a way out.

    protonet check train_val.prototxt solver.prototxt
    protonet check models/*.prototxt --phase TRAIN

A file is read as a net or as a solver, as its content says.  Nets are also wired and shaped, in both phases or in the
one named, and go on being so behind a layer that is wrong; data that cannot be found are told, but are no error of the
prototxt.  Exit code 1 if any file has errors.
"""

import sys
from pathlib import Path

from protonet.errors import ProtonetError


def arguments(add):
    add("files", nargs="+", metavar="FILE", help="prototxt files")
    add("--phase", choices=["TRAIN", "TEST"], help="check this phase only (default: both)")
    add("--ignore-unknown", action="store_true", help="unknown fields are warnings")
    add("--parse-only", action="store_true", help="read the text, build nothing")


def run(args):
    bad = 0
    for name in args.files:
        errors, notes = report(name, args)
        for note in notes:
            print(f"{note}", file=sys.stderr)
        for error in errors:
            print(error)
        if not errors:
            print(f"{name}: ok")
        bad += bool(errors)
    return 1 if bad else 0


def report(name, args):
    """(errors, notes) of one file, as texts."""
    from protonet.prototxt import parse

    try:
        text = Path(name).read_bytes()
    except OSError as error:
        return [f"{name}: cannot be read: {error.strerror}"], []
    try:
        kind = parse.kind_of(text.decode("utf-8", "replace"))
        document = parse.load(name, kind, ignore_unknown=args.ignore_unknown)
    except ProtonetError as error:
        return [str(error)], []
    notes = list(document.warnings)
    if args.parse_only or kind == "LabelMap":
        return [], notes
    errors = solver_errors(name) if kind == "SolverParameter" else net_errors(document, args, notes)
    return errors, notes


def solver_errors(name):
    from protonet.graph.resolve import solver_nets
    from protonet.solvers.solver import check, read

    try:
        param = read(name)[1]
        check(param, name)
        solver_nets(param, name)
    except ProtonetError as error:
        return [str(error) if name in str(error) else f"{name}: {error}"]
    return []


def net_errors(document, args, notes):
    import protonet
    from protonet.net.check import problems

    errors: dict[str, list[str]] = {}
    about_data: dict[str, list[str]] = {}
    for phase in (args.phase,) if args.phase else ("TRAIN", "TEST"):
        for found, into in zip(problems(document, getattr(protonet, phase)), (errors, about_data), strict=True):
            for error in found:
                into.setdefault(str(error), []).append(phase)
    notes += [f"{text} [{' and '.join(phases)}: data were not looked at]" for text, phases in about_data.items()]
    return [f"{text} [{' and '.join(phases)}]" for text, phases in errors.items()]
