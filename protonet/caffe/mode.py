"""Settings that pycaffe scripts make before anything else."""

from protonet.layers import REGISTRY
from protonet.net import notes
from protonet.net import seed as seeds


def set_mode_cpu():
    """Nothing to do: protonet runs on the CPU."""


def set_mode_gpu():
    """Accepted, so that scripts run."""
    notes.once(notes.GPU)


def set_device(device):
    """Accepted, so that scripts run."""
    notes.once(notes.GPU)


def set_random_seed(seed):
    """Fillers, dropout, shuffling and crops of nets made from now on start from this seed."""
    seeds.set_seed(seed)


def layer_type_list():
    """The layer types that can be built, sorted."""
    return sorted(REGISTRY)
