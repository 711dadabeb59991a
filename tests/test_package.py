"""The import of kgan."""

import os
import subprocess
import sys


def test_another_backend_is_refused_at_import():
    result = subprocess.run(
        [sys.executable, "-c", "import kgan"],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "ImportError: kgan needs Keras with its TensorFlow backend" in result.stderr
    assert "KERAS_BACKEND=tensorflow" in result.stderr
