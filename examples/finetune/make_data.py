"""Another data set of the bundled digits: black on white, and the question is whether the digit has a hole."""

import numpy as np

from protonet.data import convert, digits

HOLES = [0, 6, 8, 9]

images, labels = digits.load()
images = 255 - (images.astype(np.uint16) * 255 // 16).astype(np.uint8)
labels = np.isin(labels, HOLES).astype(np.int64)
order = np.random.default_rng(5).permutation(len(images))
train, test = order[:120], order[-360:]
convert.write("train_lmdb", images[train, None], labels[train])
convert.write("test_lmdb", images[test, None], labels[test])
print(f"train_lmdb: {len(train)} images, test_lmdb: {len(test)} images, {labels[test].mean():.0%} with a hole")
