import pathlib
import re

import numpy as np
import players
import pytest

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DATA = players.prepared_data("mnist")

needs_mnist = pytest.mark.skipif(DATA is None, reason="MNIST is not prepared: set TFDS_DATA_DIR")


def programs(page, training, held_out):
    """The Python of a page, on so many samples of its training data and its held-out data."""
    text = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.S))
    assert 'split="train"' in text
    for split, samples in (("train", training), ("test", held_out)):
        little = f'split="{split}[:{samples}]", data_dir={DATA!r}'
        text = text.replace(f'split="{split}"', little)
    return text


@needs_mnist
@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_python_of_readme_runs_on_a_little_of_mnist(tmp_path, monkeypatch, capsys, times):
    monkeypatch.chdir(tmp_path)
    for again in range(times):
        namespace = {}
        exec(programs(ROOT / "README.md", 64, 256), namespace)
        assert ("has had its 4 epochs" in capsys.readouterr().out) == bool(again)
    assert namespace["images"].shape == (64, 28, 28, 1)
    assert namespace["probabilities"].shape == (64,)
    assert np.all((namespace["probabilities"] > 0) & (namespace["probabilities"] < 1))
    assert namespace["gan"].step.numpy() == 2 * 4 * 2
    assert namespace["best"].best > 0
    assert len(list(tmp_path.glob("saved_models/mnist/samples/epoch_*.png"))) == 4


@pytest.mark.slow
@needs_mnist
@pytest.mark.parametrize("epochs", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_the_python_of_the_page_for_keras_io_readers_runs(tmp_path, monkeypatch, epochs):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    text = programs(ROOT / "docs" / "from_keras_io.md", 320, 320)
    assert text.count("epochs=5") == 3
    exec(text.replace("epochs=5", f"epochs={epochs}"), namespace)
    assert namespace["sevens"].shape == (16, 28, 28, 1)
    assert namespace["grid"].shape == namespace["images"].shape == (100, 28, 28, 1)
    assert namespace["gan"].discriminator_steps == 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page):
    links = re.findall(r"\]\((?!http)([^)#]+)\)|src=\"([^\"]+)\"", page.read_text())
    for link in (first or second for first, second in links):
        assert (page.parent / link).exists(), link
