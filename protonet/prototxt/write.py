"""Write a message as text, just as protobuf's text_format prints it; what a layer keeps unparsed, as it was written."""

import re

from google.protobuf import text_format

from protonet.prototxt import scalar

UNPARSED = re.compile(r'^( *)unparsed: (".*")$', re.MULTILINE)


def dumps(message):
    """The text of a message: fields in the order of their numbers, two blanks a level, UTF-8 as it is."""
    text = text_format.MessageToString(message, as_utf8=True)
    return UNPARSED.sub(_verbatim, text) if "unparsed: " in text else text


def _verbatim(match):
    return match[1] + scalar.string(match[2])
