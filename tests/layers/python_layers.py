"""Layers of a user's: what test_python.py puts beside its nets, and names in them."""

import numpy as np

import protonet

CALLS: list = []
SEEN: list = []


class Twice(protonet.Layer):
    def setup(self, bottom, top):
        self.factor = float(self.param_str)
        self.blobs.add_blob(3)
        self.blobs[0].data[...] = 5

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = self.factor * bottom[0].data + self.blobs[0].data

    def backward(self, top, propagate_down, bottom):
        self.blobs[0].diff[...] += top[0].diff.sum(0)
        if propagate_down[0]:
            bottom[0].diff[...] = self.factor * top[0].diff


class Told(protonet.Layer):
    def setup(self, bottom, top):
        CALLS.append(("setup", self.param_str, self.param_str_, self.phase, len(bottom), len(top)))

    def reshape(self, bottom, top):
        CALLS.append("reshape")
        top[0].reshape(bottom[0].num, bottom[0].count // bottom[0].num)

    def forward(self, bottom, top):
        CALLS.append("forward")
        top[0].data[...] = 0


class Halves(protonet.Layer):
    "Two tops of other shapes, and a third that nobody reads."

    def reshape(self, bottom, top):
        n = bottom[0].channels // 2
        top[0].reshape(bottom[0].num, n)
        top[1].reshape(bottom[0].num, bottom[0].channels - n)
        top[2].reshape(1)

    def forward(self, bottom, top):
        n = top[0].shape[1]
        top[0].data[...], top[1].data[...] = bottom[0].data[:, :n], bottom[0].data[:, n:]
        top[2].data[0] = self.phase

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = np.concatenate([top[0].diff, top[1].diff], 1)


class Distance(protonet.Layer):
    "examples/pycaffe/layers/pyloss.py"

    def setup(self, bottom, top):
        if len(bottom) != 2:
            raise Exception("Need two inputs to compute distance.")

    def reshape(self, bottom, top):
        self.diff = np.zeros_like(bottom[0].data, dtype=np.float32)
        top[0].reshape(1)

    def forward(self, bottom, top):
        self.diff[...] = bottom[0].data - bottom[1].data
        top[0].data[...] = np.sum(self.diff**2) / bottom[0].num / 2.0

    def backward(self, top, propagate_down, bottom):
        for i in range(2):
            if not propagate_down[i]:
                continue
            bottom[i].diff[...] = (1, -1)[i] * top[0].diff[0] * self.diff / bottom[i].num


class Positive(protonet.Layer):
    "The rows whose first number is positive: how many those are is known in forward."

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        self.rows = np.flatnonzero(bottom[0].data[:, 0] > 0)
        top[0].reshape(len(self.rows), bottom[0].channels)
        top[0].data[...] = bottom[0].data[self.rows]

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = 0
        bottom[0].diff[self.rows] = top[0].diff


class Counter(protonet.Layer):
    "No bottoms: data of its own."

    def setup(self, bottom, top):
        self.n = 0

    def reshape(self, bottom, top):
        top[0].reshape(2, 3)

    def forward(self, bottom, top):
        self.n += 1
        top[0].data[...] = self.n


class Seen(protonet.Layer):
    "No tops."

    def reshape(self, bottom, top):
        pass

    def forward(self, bottom, top):
        SEEN.append(bottom[0].data.copy())


class Random(protonet.Layer):
    def reshape(self, bottom, top):
        top[0].reshape(4)

    def forward(self, bottom, top):
        top[0].data[...] = self.random.normal(size=4)


class Own(protonet.Layer):
    "With a constructor of its own."

    def __init__(self, *given):
        super().__init__(*given)
        self.made = "yes"

    def reshape(self, bottom, top):
        top[0].reshape(len(self.made))

    def forward(self, bottom, top):
        top[0].data[...] = float(self.param_str)


class Nothing(protonet.Layer):
    pass


class NoForward(protonet.Layer):
    def reshape(self, bottom, top):
        top[0].reshape(1)


class NoBackward(protonet.Layer):
    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = bottom[0].data


class Broken(protonet.Layer):
    "Raises in the method that param_str names."

    def luckless(self, where):
        if self.param_str == where:
            raise ValueError("no luck")  # here

    def setup(self, bottom, top):
        self.luckless("setup")

    def reshape(self, bottom, top):
        self.luckless("reshape")
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        self.luckless("forward")
        if self.param_str == "shape":
            top[0].data[...] = np.zeros((7, 7))
        if self.param_str == "negative":
            top[0].reshape(2, -1)

    def backward(self, top, propagate_down, bottom):
        self.luckless("backward")


class Mistaken(protonet.Layer):
    def __init__(self, one):
        pass


class Alien:
    pass


def function():
    pass
