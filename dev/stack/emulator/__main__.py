"""Starts the emulator in this process: `python …/stack/emulator FAULTS`, where FAULTS is a folder."""

import socketserver
import sys
from pathlib import Path

# The folder of the package `stack`; nothing must be imported from the folder of this file.
sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

# MiniStack's Lambda Runtime API sends a response in two segments: Nagle's algorithm delays the second one by 40 ms.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack import app  # noqa: E402

from stack.emulator import addresses, faults, groups, pages, rest_apis, transforms, urls  # noqa: E402

for changed in (addresses, groups, pages, rest_apis, transforms, urls):
    changed.apply()
faults.apply(Path(sys.argv.pop(1)))
app.main()
