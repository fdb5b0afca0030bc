"""The seeds of nets: after `set_seed(s)` the nets made get s, s + 1, ...; before it, none that can be foretold."""

import os

STATE: dict[str, int | None] = {"next": None}


def set_seed(seed):
    STATE["next"] = int(seed)


def next_seed():
    """The seed of a net about to be made: below 2^31, as Caffe's."""
    seed = STATE["next"]
    if seed is None:
        return int.from_bytes(os.urandom(4), "little") >> 1
    STATE["next"] = seed + 1
    return seed
