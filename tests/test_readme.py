import os
import pathlib
import re

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text()


def prepared_mnist():
    """Where MNIST lies prepared, or None."""
    folders = [os.environ.get("TFDS_DATA_DIR"), ROOT.parent / "shared" / "tfds"]
    return next((f for f in folders if f and (pathlib.Path(f) / "mnist").is_dir()), None)


@pytest.mark.skipif(prepared_mnist() is None, reason="MNIST is not prepared: set TFDS_DATA_DIR")
def test_the_python_of_readme_runs_on_a_little_of_mnist(tmp_path, monkeypatch):
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    little = f'split="train[:128]", data_dir={str(prepared_mnist())!r}'
    assert 'split="train"' in program
    monkeypatch.chdir(tmp_path)
    namespace = {}
    exec(program.replace('split="train"', little), namespace)
    assert namespace["images"].shape == (64, 28, 28, 1)
    assert namespace["probabilities"].shape == (64,)
    assert np.all((namespace["probabilities"] > 0) & (namespace["probabilities"] < 1))
    assert namespace["gan"].step.numpy() == 6 * 2
    assert len(list(tmp_path.glob("saved_models/mnist/samples/epoch_*.png"))) == 5


def test_every_file_that_readme_names_exists():
    links = re.findall(r"\]\((?!http)([^)#]+)\)|src=\"([^\"]+)\"", TEXT)
    assert links
    for link in (first or second for first, second in links):
        assert (ROOT / link).exists(), link
