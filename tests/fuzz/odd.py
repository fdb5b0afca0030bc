"""Files that are whole, and hold what nobody expects there."""

import numpy as np
from hypothesis import strategies as st

TYPES = ["<f4", ">f4", "<f8", "<f2", "<i8", ">i2", "u1", "?", "<c8", "S3", "object"]
SHAPES = [(), (0,), (1,), (2,), (3,), (2, 3), (0, 3), (3, 2), (1, 2, 3), (2, 1, 1, 1), (1,) * 32, (100000, 1)]


@st.composite
def hdf5_files(draw, tree):
    """A function that makes, in a folder, a file of these names and values, some other; and gives its bytes."""
    items = dict(tree)
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(tree)))
        what = draw(st.sampled_from(["gone", "group", "typed", "typed", "empty", "link", "soft", "filled", "nan"]))
        items[name] = (what, draw(st.sampled_from(TYPES)), draw(st.sampled_from(SHAPES)))

    def write(folder):
        import h5py

        path = folder / "made.h5"
        with h5py.File(path, "w") as file:
            for name, value in items.items():
                put(file, name, value)
        return path.read_bytes()

    return write


def put(file, name, value):
    import h5py

    if not isinstance(value, tuple):
        file.create_dataset(name, data=value)
        return
    what, kind, shape = value
    if what == "group":
        file.require_group(name)
    elif what == "link":
        file[name] = h5py.ExternalLink("elsewhere.h5", "/x")
    elif what == "soft":
        file[name] = h5py.SoftLink(f"/{name}")
    elif what == "empty":
        file.create_dataset(name, data=h5py.Empty("f4"))
    elif what == "nan":
        file.create_dataset(name, data=np.full(shape, np.nan, "f4"))
    elif what == "filled":  # announced, and never written
        file.create_dataset(name, (1 << 40, 1 << 10), "f4", chunks=(1024, 1024))
    elif what == "typed":
        if kind == "object":
            file.create_dataset(name, shape, h5py.string_dtype())
        else:
            file.create_dataset(name, data=np.ones(shape).astype(kind))
