"""Data: images and labels from a database, LMDB or LevelDB (told by content; `backend` is not asked).

tops: images (N, C, H, W), transformed as transform_param says; and labels (N,), if there is a second top.
At the end it begins again.  rand_skip begins at a random record.  (Caffe's master ignores that; older versions do not.)
shuffle (NVIDIA): every epoch in another order; LMDB only.
With batch_size 1, no crop and encoded images, each image may have its own size.
"""

from functools import cached_property

from protonet.data.asked import only
from protonet.data.batches import DatabaseBatches
from protonet.data.database import open_database
from protonet.data.datum import parse
from protonet.data.transform import Transform, crop_of
from protonet.layers.base import register
from protonet.layers.fed import Fed
from protonet.prototxt.paths import find


@register("Data", spec="data_param")
class Data(Fed):
    @staticmethod
    def open_batches(param, phase, folder, draws):
        spec, transform = param.data_param, Transform(param.transform_param, phase, folder)
        only(spec, "source", "batch_size", "backend", "rand_skip", "prefetch", "force_encoded_color", "shuffle")
        if transform.color is None and spec.force_encoded_color:
            transform.color = True
        varied = spec.batch_size == 1 and not any(transform.crop)
        return DatabaseBatches(
            find(spec.source, folder),
            transform,
            spec.batch_size,
            len(param.top),
            draws,
            skip=spec.rand_skip,
            shuffle=spec.shuffle,
            varied=varied,
        )

    def ahead(self):
        return max(1, self.spec.prefetch)

    @cached_property
    def dynamic(self):  # type: ignore[override]
        if self.spec.batch_size != 1 or any(crop_of(self.param.transform_param)) or not self.spec.source:
            return False
        database = open_database(find(self.spec.source, self.folder))
        try:
            return parse(next(database.records())[1]).encoded
        finally:
            database.close()
