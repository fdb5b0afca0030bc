"""What a file is, by its first bytes: so that a file which is no model is named for what it is.

Weights come from the net, and the net gives other things under their names: a Git LFS pointer where LFS was not
installed, the HTML of a login page, half a download.  "Error parsing message" helps nobody with those.
"""

import codecs
import errno
import re
from pathlib import Path

PROGRAM = b"\x93PROTONET\r\n\x1a\n"  # engine/archive.py
MAGIC = [  # (bytes, offset, what it is)
    (b"version https://git-lfs.github.com/spec", 0, "a Git LFS pointer, not the file it points to: run `git lfs pull`"),
    (PROGRAM, 0, "a compiled program: give it to `protonet run` alone, or to Program.load"),
    (b"\x89HDF\r\n\x1a\n", 0, "an HDF5 file"),
    (b"\x93NUMPY", 0, "a NumPy array (.npy)"),
    (b"PK\x03\x04", 0, "a zip archive (.npz, or a PyTorch or Keras model)"),
    (b"\x1f\x8b", 0, "a gzip archive: unpack it first"),
    (b"BZh", 0, "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ", 0, "an xz archive: unpack it first"),
    (b"7z\xbc\xaf", 0, "a 7-zip archive: unpack it first"),
    (b"Rar!", 0, "a RAR archive: unpack it first"),
    (b"ustar", 257, "a tar archive: unpack it first"),
    (b"\x80\x02", 0, "a Python pickle (a PyTorch model?)"),
    (b"\x80\x03", 0, "a Python pickle"),
    (b"\x80\x04", 0, "a Python pickle"),
    (b"\x80\x05", 0, "a Python pickle"),
    (b"TFL3", 4, "a TensorFlow Lite model"),
    (b"7767517", 0, "an ncnn parameter file"),
    (b"\x89PNG", 0, "a PNG image"),
    (b"\xff\xd8\xff", 0, "a JPEG image"),
    (b"%PDF", 0, "a PDF document"),
    (b"\x7fELF", 0, "a program or library"),
    (b"MZ", 0, "a program or library"),
    (b"\xde\xc0\xef\xbe", 16, "an LMDB database"),
]
TEXT = [  # (pattern at the start of a text, what it is)
    (rb"\s*<\?xml", "an XML file"),
    (rb"\s*[{\[]\s*[\"{\[\]}]", "a JSON file"),
    (
        rb"(?s).*?^\s*(name|layers?|input|input_dim|net|train_net|base_lr)\s*[:{]",
        "a prototxt (text): it has no weights",
    ),
]
HTML = re.compile(  # in any encoding
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype html|<html|<head|<body|<title|<meta)",
    re.IGNORECASE | re.DOTALL,
)
ONNX = re.compile(rb"\x08[\x01-\x20](\x12[\x01-\x7f]|\x3a|\x42)")
ONNX_PRODUCERS = re.compile(rb"(?i)pytorch|onnx|tf2onnx|keras|caffe2|cntk|mxnet|sklearn|paddle|matlab|ml\.net")


def what_is(path: str | Path) -> str | None:
    """A phrase for what the file is, where its beginning tells; None where not: a protobuf message has no mark."""
    path = Path(path)
    try:
        if path.is_dir():
            return "a folder"
        with path.open("rb") as file:
            head = file.read(2048)
    except ValueError as error:  # a zero byte in the name
        raise OSError(errno.EINVAL, str(error)) from None
    if not head:
        return "an empty file"
    if not head.strip(b"\0"):
        return "nothing but zero bytes: the download was cut, or the disk was full"
    for mark, at, what in MAGIC:
        if head[at : at + len(mark)] == mark:
            return what
    if re.match(rb"[\x00-\xff]{4}\x00{4}\{\"", head):
        return "a safetensors file"
    if HTML.match(head):
        return "an HTML page, not the file itself: the download asked for a login or found nothing"
    if is_text(head):
        for pattern, what in TEXT:
            if re.match(pattern, head, re.IGNORECASE | re.MULTILINE):
                return what
        return "a text file"
    if ONNX.match(head) and ONNX_PRODUCERS.search(head[:64]):
        return "an ONNX model"
    return None


def is_text(head: bytes) -> bool:
    """Whether bytes read as text: UTF-8, but for a letter that is cut at the end, and no control characters."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text) and not re.search("[\x00-\x08\x0e-\x1f]", text)
