"""What a data layer's parameters ask for beyond what is done here: the forks' own augmentations and sources.

Fields that only say how (threads, caches) are passed over; any other that is set to something is refused by its name,
when the data are opened: a net is deployed, shown and converted whatever its data layers ask for.
"""

from typing import Any

from protonet.errors import DataError

HOW = {
    "threads", "parser_threads", "cache", "precache", "disk_reader_threads", "verbose", "huge_video_dataset",
    "use_gpu_transform", "random_seed", "display", "var_sz_img_enabled", "allow_upscale", "ignore_label",
}  # fmt: skip


def only(message: Any, *known: str) -> None:
    """Refuse a message that sets fields other than these to other than their defaults."""
    for field, value in message.ListFields():
        plain = field.message_type is None and isinstance(value, int | float | str | bytes)
        if field.name in known or field.name in HOW or (plain and value == field.default_value):
            continue
        raise DataError(
            f"{message.DESCRIPTOR.name}.{field.name} is a fork's, and not done here: "
            "take it out, or bring the data into that form before"
        )
