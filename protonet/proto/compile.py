"""compile: make caffe.fds from proto/caffe.proto (needs grpcio-tools and the checkout).

python -m protonet.proto.compile
"""

import subprocess
import sys
import tempfile
from pathlib import Path

SCHEMA = Path(__file__).parents[2] / "proto" / "caffe.proto"
COMPILED = Path(__file__).with_name("caffe.fds")


def compiled(schema: Path = SCHEMA) -> bytes:
    """The FileDescriptorSet of a .proto, without comments and places."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.fds"
        command = [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            f"-I{schema.parent}",
            f"--descriptor_set_out={out}",
        ]
        subprocess.run([*command, schema.name], check=True)
        return out.read_bytes()


if __name__ == "__main__":
    COMPILED.write_bytes(compiled())
