"""Settings that pycaffe scripts make before anything else."""

import logging

from protonet.layers import REGISTRY
from protonet.net import seed as seeds

log = logging.getLogger(__name__)
said = set()


def once(text):
    """Say something the first time only."""
    if text not in said:
        said.add(text)
        log.warning(text)


def set_mode_cpu():
    """Nothing to do: protonet runs on the CPU."""


def set_mode_gpu():
    """Accepted, so that scripts run."""
    once("GPU mode was asked for: protonet runs on the CPU")


def set_device(device):
    """Accepted, so that scripts run."""
    once("a GPU device was asked for: protonet runs on the CPU")


def set_random_seed(seed):
    """Fillers, dropout, shuffling and crops of nets made from now on start from this seed."""
    seeds.set_seed(seed)


def layer_type_list():
    """The layer types that can be built, sorted."""
    return sorted(REGISTRY)
