"""Write a message as text, just as protobuf's text_format prints it; what a layer keeps unparsed, as it was written.

The surprise: Python's text_format prints a whole float as 1.0; C++'s, and so Caffe's tools, as 1.  `plain` is that.
"""

import re

from google.protobuf import text_format

from protonet.prototxt import scalar

WHOLE = re.compile(r"^( *\w+: -?\d+)\.0$", re.MULTILINE)
UNPARSED = re.compile(r'^( *)unparsed: (".*")$', re.MULTILINE)


def dumps(message, plain=False):
    """The text of a message: fields in the order of their numbers, two blanks a level, UTF-8 as it is.

    plain: whole floats without ".0", as C++ prints them.
    """
    text = text_format.MessageToString(message, as_utf8=True)
    if plain:
        text = WHOLE.sub(r"\1", text)
    return UNPARSED.sub(_verbatim, text) if "unparsed: " in text else text


def _verbatim(match):
    return match[1] + scalar.string(match[2])
