"""The whole way on real handwritten digits: train, test, deploy with proof, predict; and what deleting BatchNorm does.

    protonet demo
    protonet demo -o somewhere

Leaves a folder with all that a project of your own has: databases, prototxts, snapshot, deploy net, images, a picture.
"""

import argparse
import contextlib
import logging
import os
import time
from pathlib import Path


def arguments(add):
    add(
        "--output",
        "-o",
        default="protonet-demo",
        metavar="DIR",
        help="folder to leave it all in (default: protonet-demo)",
    )


def run(args):
    start = time.perf_counter()
    folder = Path(args.output)
    say("reading 1797 handwritten digits (UCI optical digits, 8 x 8), writing databases and prototxts")
    from protonet import demo

    images, labels = demo.prepare(folder)
    with inside(folder):
        accuracy_test = train(demo)
        deployed = deploy()
        result, answers = compare(demo, deployed, accuracy_test, images)
        demo.finish(".", result)
        demo.picture("predictions.png", *demo.shown(images, labels, answers))
    conclude(folder, result, time.perf_counter() - start)
    return 0


def say(text):
    print(f"\n== {text}", flush=True)


@contextlib.contextmanager
def inside(folder):
    """The prototxts name their files as seen from their folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def train(demo):
    """Train as `protonet train` does; returns the accuracy in TEST phase."""
    import protonet
    from protonet.cli.progress import training

    command("protonet train -solver solver.prototxt")
    log = logging.getLogger("protonet.solvers")
    log.setLevel(logging.INFO)
    solver = protonet.get_solver("solver.prototxt")
    with training(solver):
        solver.solve()
    log.setLevel(logging.NOTSET)
    return demo.accuracy("train_val.prototxt", "snapshot_iter_300.caffemodel")


def deploy():
    import protonet
    from protonet.cli.deploy import report

    command("protonet deploy train_val.prototxt snapshot_iter_300.caffemodel -o deploy")
    deployed = protonet.deploy("train_val.prototxt", "snapshot_iter_300.caffemodel")
    report(deployed)
    return deployed


def compare(demo, deployed, accuracy_test, images):
    """The accuracies of the net as it was, folded, and with BatchNorm deleted; and the answers to the test digits."""
    from protonet.cli.run import say as say_best

    model, result = demo.evaluate(deployed, ".", accuracy_test)
    command("protonet run deploy.prototxt deploy.caffemodel digits/0.png --top 3")
    say_best("digits/0.png", model("digits/0.png")["prob"][0], {}, argparse.Namespace(top=3, json=False))
    answers = model(list(images))["prob"].argmax(1)
    return result, answers


def command(text):
    print(f"\n$ {text}", flush=True)


def conclude(folder, result, seconds):
    print(
        f"""
accuracy on {result.images_test} test digits
  trained net, TEST phase (running statistics)       {result.accuracy_test:7.2%}
  deploy net, BatchNorm folded into the weights      {result.accuracy_deploy:7.2%}
  BatchNorm layers simply deleted                    {result.accuracy_deleted:7.2%}
  BatchNorm and Scale layers simply deleted          {result.accuracy_deleted_with_scale:7.2%}

BatchNorm can go at deploy time, but only into the weights.

{folder}{os.sep} holds it all: {", ".join(sorted(p.name for p in folder.iterdir()))}
By hand, the same:

    cd {folder}
    protonet train -solver solver.prototxt
    protonet test -model train_val.prototxt -weights snapshot_iter_300.caffemodel -iterations 4
    protonet deploy train_val.prototxt snapshot_iter_300.caffemodel -o deploy
    protonet run deploy.prototxt deploy.caffemodel digits/0.png

{seconds:.1f} s in all"""
    )
