"""Read prototxt files and report everything wrong with them, each with its place and a way out.

    protonet check train_val.prototxt solver.prototxt
    protonet check models/*.prototxt --phase TRAIN

A file is read as a net or as a solver, as its content says.  Nets are also wired and shaped, in both phases or in the
one named; data that cannot be found is reported, not an error of the prototxt.  Exit code 1 if any file has errors.
"""

import sys
from pathlib import Path

from protonet.errors import DataError, ProtonetError


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
    from protonet.solvers.solver import check, read

    try:
        check(read(name)[1])
    except ProtonetError as error:
        return [f"{name}: {error}"]
    return []


def net_errors(document, args, notes):
    import protonet

    errors = {}
    for phase in (args.phase,) if args.phase else ("TRAIN", "TEST"):
        try:
            protonet.Net(document, phase=getattr(protonet, phase), fill=False)
        except DataError as error:
            notes.append(f"{error} ({phase}: the data were not looked at)")
        except ProtonetError as error:
            errors.setdefault(str(error), []).append(phase)
    return [f"{text} [{' and '.join(phases)}]" for text, phases in errors.items()]
