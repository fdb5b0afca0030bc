"""The lines people grep for, as Caffe writes them."""

import logging

from protonet.net import describe
from tests.net.tools import dummy, ip, layer, net

TEXT = (
    'name: "small"\n'
    + dummy((4, 3), (4,))
    + ip("fc", "data", "fc", 2)
    + layer("relu", "ReLU", "fc", "fc")
    + layer("loss", "SoftmaxWithLoss", "fc label", "loss", "loss_weight: 2")
    + layer("acc", "Accuracy", "fc label", "acc", "include { phase: TEST }")
)


def test_what_a_net_is_made_of_is_told_in_caffes_words(caplog):
    made = net(TEXT, phase=0)
    with caplog.at_level(logging.INFO, "protonet.net.describe"):
        describe.say(made)
    first, *lines = caplog.messages
    assert first.startswith('Initializing net from parameters: \nname: "small"\n')
    assert 'type: "ReLU"' in first
    assert lines == [
        "Creating Layer source",
        "source -> data",
        "source -> label",
        "Setting up source",
        "Top shape: 4 3 (12)",
        "Top shape: 4 (4)",
        "Memory required for data: 64",
        "Creating Layer fc",
        "fc <- data",
        "fc -> fc",
        "Setting up fc",
        "Top shape: 4 2 (8)",
        "Memory required for data: 96",
        "Creating Layer relu",
        "relu <- fc",
        "relu -> fc (in-place)",
        "Setting up relu",
        "Top shape: 4 2 (8)",
        "Memory required for data: 128",
        "Creating Layer loss",
        "loss <- fc",
        "loss <- label",
        "loss -> loss",
        "Setting up loss",
        "Top shape: (1)",
        "    with loss weight 2",
        "Memory required for data: 132",
        "loss needs backward computation.",
        "relu needs backward computation.",
        "fc needs backward computation.",
        "source does not need backward computation.",
        "This network produces output loss",
        "Network initialization done.",
    ]


def test_splits_are_told_too(caplog):
    with caplog.at_level(logging.INFO, "protonet.net.describe"):
        describe.say(net(TEXT, phase=1))
    assert "fc_relu_0_split -> fc_relu_0_split_1" in caplog.messages
    assert "acc does not need backward computation." in caplog.messages


def test_nothing_is_written_where_nobody_reads(caplog):
    with caplog.at_level(logging.WARNING, "protonet.net.describe"):
        describe.say(net(TEXT))
    assert not caplog.messages
