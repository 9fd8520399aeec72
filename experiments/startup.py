"""Imports TensorFlow without the lines that its C++ part prints before its log level counts."""

from __future__ import annotations

import os
import subprocess
import sys

# A process of its own: what TensorFlow says before it aborts comes through it as well.
FILTER = """
import sys

for line in sys.stdin.buffer:
    if not line.startswith((b"I0000 ", b"WARNING: All log messages before absl::InitializeLog()")):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


def import_tensorflow() -> None:
    """Imports TensorFlow as every card runs on it: the same sums on all processors, no chatter.

    While it is imported, messages of level "info" are left out and all others come through. Afterwards its
    own level holds, ``TF_CPP_MIN_LOG_LEVEL``; where that is 0, nothing is left out.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    level = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" in sys.modules or level == "0":
        return
    sys.stderr.flush()
    kept = os.dup(2)
    command = [sys.executable, "-I", "-S", "-c", FILTER]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=kept, start_new_session=True)
    assert child.stdin is not None
    os.dup2(child.stdin.fileno(), 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        child.stdin.close()
        child.wait()
