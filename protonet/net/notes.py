"""Notes on what a prototxt or a script asks for and does not get: each is said once in a process."""

import logging

log = logging.getLogger(__name__)
GPU = "the GPU was asked for: protonet runs on the CPU"
ENGINE = "another engine was asked for (engine: %s): protonet has one, its own"
said: set[str] = set()


def once(text):
    """Say something the first time only."""
    if text not in said:
        said.add(text)
        log.warning(text)


def engine(layer):
    """Note a layer that names an engine other than Caffe's own."""
    field = layer.spec is not None and layer.spec.DESCRIPTOR.fields_by_name.get("engine")
    if field and field.enum_type and layer.spec.HasField("engine"):
        name = field.enum_type.values_by_number[layer.spec.engine].name
        if name not in ("DEFAULT", "CAFFE"):
            once(ENGINE % name)
