"""The whole way, on real data: a small conv + BatchNorm + Scale net learns handwritten digits and becomes a deploy net.

Leaves in its folder all that a user's own project has: databases, prototxts, snapshot, deploy net, some images.  And it
answers the question people ask about BatchNorm with numbers: folded it computes the same; deleted, the net is ruined.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import protonet
from protonet import model, score
from protonet.data import convert, digits
from protonet.io.atomic import replacing
from protonet.passes.deleted import deleted

TRAINED, ITERATIONS = 1437, 300
SHOWN = 10  # images that are left as files

TRAIN_VAL = """name: "digits"
layer {
  name: "digits"
  type: "Data"
  top: "data"
  top: "label"
  include { phase: TRAIN }
  transform_param { scale: 0.00390625 }
  data_param { source: "train_lmdb" batch_size: 64 backend: LMDB }
}
layer {
  name: "digits"
  type: "Data"
  top: "data"
  top: "label"
  include { phase: TEST }
  transform_param { scale: 0.00390625 }
  data_param { source: "test_lmdb" batch_size: 90 backend: LMDB }
}
"""
BLOCK = """layer {{
  name: "conv{i}"
  type: "Convolution"
  bottom: "{bottom}"
  top: "conv{i}"
  convolution_param {{
    num_output: {n}
    kernel_size: 3
    pad: 1
    bias_term: false
    weight_filler {{ type: "gaussian" std: 0.01 }}
  }}
}}
layer {{
  name: "bn{i}"
  type: "BatchNorm"
  bottom: "conv{i}"
  top: "conv{i}"
  batch_norm_param {{ moving_average_fraction: 0.9 }}
}}
layer {{ name: "scale{i}" type: "Scale" bottom: "conv{i}" top: "conv{i}" scale_param {{ bias_term: true }} }}
layer {{ name: "relu{i}" type: "ReLU" bottom: "conv{i}" top: "conv{i}" }}
"""
POOL = """layer {{
  name: "pool{i}"
  type: "Pooling"
  bottom: "conv{i}"
  top: "pool{i}"
  pooling_param {{ kernel_size: 2 stride: 2 }}
}}
"""
HEAD = """layer {
  name: "ip"
  type: "InnerProduct"
  bottom: "pool4"
  top: "ip"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
}
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
SOLVER = f"""net: "train_val.prototxt"
test_iter: 4
test_interval: 100
base_lr: 0.05
momentum: 0.9
weight_decay: 0.0005
lr_policy: "poly"
power: 1
display: 50
max_iter: {ITERATIONS}
snapshot_prefix: "snapshot"
random_seed: 1
"""


@dataclass
class Result:
    """Accuracies on the test digits, from 0 to 1; difference: largest of the proof, of a blob's largest number."""

    accuracy_test: float
    accuracy_deploy: float
    accuracy_deleted: float
    accuracy_deleted_with_scale: float
    images_train: int
    images_test: int
    iterations: int
    layers_before: int
    layers_after: int
    difference: float


def prepare(folder):
    """Write databases, prototxts and a few images; returns the test images and labels."""
    folder = Path(folder)
    (folder / "digits").mkdir(parents=True, exist_ok=True)
    images, labels = digits.load()
    images = (images.astype(np.uint16) * 255 // 16).astype(np.uint8)
    order = np.random.Generator(np.random.Philox(0)).permutation(len(images))
    images, labels = images[order], labels[order]
    convert.write(folder / "train_lmdb", images[:TRAINED, None], labels[:TRAINED])
    convert.write(folder / "test_lmdb", images[TRAINED:, None], labels[TRAINED:])
    put(folder / "train_val.prototxt", TRAIN_VAL + body() + HEAD)
    put(folder / "solver.prototxt", SOLVER)
    for digit in range(SHOWN):
        at = TRAINED + int(np.argmax(labels[TRAINED:] == digit))
        write_image(folder / "digits" / f"{digit}.png", images[at])
    return images[TRAINED:], labels[TRAINED:]


def body():
    """Two blocks, pooling, two blocks, pooling."""
    block, pool = BLOCK.format, POOL.format
    first = block(i=1, bottom="data", n=16) + block(i=2, bottom="conv1", n=16) + pool(i=2)
    return first + block(i=3, bottom="pool2", n=32) + block(i=4, bottom="conv3", n=32) + pool(i=4)


def put(path, text):
    with replacing(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def write_image(path, image):
    import cv2

    done, data = cv2.imencode(".png", image)
    assert done, path
    with replacing(path) as aside:
        aside.write_bytes(data.tobytes())


def accuracy(definition, weights, batches=4):
    """The accuracy of the snapshot in TEST phase, over the test digits.

    Of the snapshot, not of the solver's net: displaying the last loss was one more pass in TRAIN, which moves
    statistics.
    """
    net = protonet.Net(definition, protonet.TEST, weights=weights, trains=False)
    right = count = 0
    for _ in range(batches):
        net.forward_layers()
        n = net.blobs["label"].count
        right, count = right + round(n * float(net.blobs["accuracy"].data)), count + n
    return right / count


def evaluate(deployed, folder, test_net):
    """The accuracies of the net as trained, folded, and with its BatchNorm layers deleted; writes the deploy net."""
    folder = Path(folder)
    deployed.save(folder / "deploy")
    served = model.load(folder / "deploy.prototxt", folder / "deploy.caffemodel")
    database = folder / "test_lmdb"
    accuracies = {"accuracy_deploy": score.score(served, database).top[1]}
    for name, with_scale in ("accuracy_deleted", False), ("accuracy_deleted_with_scale", True):
        definition, weights = deleted(folder / "train_val.prototxt", folder / SNAPSHOT, with_scale)
        ruined = model.load(definition, weights, scale=1 / 256)
        accuracies[name] = score.score(ruined, database).top[1]
    return served, Result(
        accuracy_test=test_net,
        images_train=TRAINED,
        images_test=len(digits.load()[0]) - TRAINED,
        iterations=ITERATIONS,
        layers_before=len(protonet.Net(folder / "train_val.prototxt", protonet.TEST, trains=False).layer_names),
        layers_after=len(deployed.definition.layer),
        difference=deployed.proof.worst.relative,
        **accuracies,
    )


SNAPSHOT = f"snapshot_iter_{ITERATIONS}.caffemodel"


def finish(folder, result):
    with replacing(Path(folder) / "result.json") as aside:
        aside.write_text(json.dumps(asdict(result), indent=2) + "\n")


def shown(images, labels, answers, n=60):
    """The digits for the picture: those the net gets wrong first, then the first of the others."""
    order = np.argsort(labels == answers, kind="stable")[:n]
    return images[order], labels[order], answers[order]


def picture(path, images, labels, answers, size=48, columns=12):
    """A sheet of test digits, each with what the net takes it for: green where it is right, red where it is wrong."""
    import cv2

    rows = -(-len(images) // columns)
    sheet = np.full((rows * (size + 20) + 8, columns * (size + 8) + 8, 3), 255, np.uint8)
    for i, (image, label, answer) in enumerate(zip(images, labels, answers, strict=True)):
        y, x = i // columns * (size + 20) + 8, i % columns * (size + 8) + 8
        big = cv2.resize(255 - image, (size, size), interpolation=cv2.INTER_NEAREST)
        sheet[y : y + size, x : x + size] = big[:, :, None]
        color = (60, 140, 0) if label == answer else (0, 0, 220)
        text = str(answer) if label == answer else f"{answer} ({label})"
        cv2.putText(sheet, text, (x + 2, y + size + 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, color, 1, cv2.LINE_AA)
    write_image(path, sheet)
