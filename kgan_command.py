"""The first lines of the `kgan` command, run before TensorFlow is loaded.

They stand outside the package because importing it loads TensorFlow, which at once writes
lines about GPUs to the terminal. Set TF_CPP_MIN_LOG_LEVEL=0 to read them.
"""

import contextlib
import os
import sys


@contextlib.contextmanager
def _quiet_stderr():
    """Sends what C++ writes to stderr to nowhere; Python's exceptions pass."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def main():
    """Runs the `kgan` command."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        from kgan.cli import app
    else:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        with _quiet_stderr():
            from kgan.cli import app
    app()
