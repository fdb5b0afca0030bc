"""python -m protonet: the same as the command `protonet`."""

import sys

from protonet.cli import main

sys.exit(main())
