"""Write an old net or solver in today's form: V0 and V1 layers, input fields, transform fields, solver_type.

    protonet upgrade old.prototxt new.prototxt        # a net or a solver, as its content says
    protonet upgrade old.caffemodel new.caffemodel    # weights

As Caffe's upgrade_net_proto_text, upgrade_net_proto_binary and upgrade_solver_proto_text do, with the same text.
"""

from pathlib import Path

from protonet.errors import ProtonetError


def arguments(add):
    add("old", metavar="OLD", help="a .prototxt, or a .caffemodel")
    add("new", metavar="NEW", nargs="?", help="where to write (default: text is printed)")
    add("--ignore-unknown", action="store_true", help="unknown fields are warnings")


def run(args):
    from protonet.io.sniff import what_is

    try:
        what = what_is(args.old) or ""
    except OSError as error:
        raise ProtonetError(f"cannot be read: {error.strerror}", args.old) from None
    if "text" in what:
        return text(args)
    if not args.new:
        raise ProtonetError("weights are upgraded into a file: name it", args.old)
    return binary(args)


def text(args):
    from protonet.io.atomic import replacing
    from protonet.prototxt import parse, upgrade, write

    content = Path(args.old).read_text("utf-8", "replace")
    kind = parse.kind_of(content)
    message = parse.load(args.old, kind, args.ignore_unknown).message
    change = upgrade.upgrade_net if kind == "NetParameter" else upgrade.upgrade_solver
    try:
        change(message)
    except ProtonetError as error:
        raise error.at(args.old) from None
    written = write.dumps(message, plain=True)
    if not args.new:
        print(written, end="")
        return 0
    with replacing(args.new) as aside:
        aside.write_text(written, encoding="utf-8", newline="\n")
    print(f"wrote {args.new}")
    return 0


def binary(args):
    from protonet.io.atomic import replacing
    from protonet.proto import dialect
    from protonet.prototxt import upgrade

    message = dialect.from_wire(Path(args.old).read_bytes())
    try:
        upgrade.upgrade_net(message)
    except ProtonetError as error:
        raise error.at(args.old) from None
    with replacing(args.new) as aside:
        aside.write_bytes(dialect.to_wire(message))
    print(f"wrote {args.new}")
    return 0
