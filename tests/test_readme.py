import pathlib
import re

import players
import pytest

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DATA = players.prepared_data("mnist")

needs_mnist = pytest.mark.skipif(DATA is None, reason="MNIST is not prepared: set TFDS_DATA_DIR")


def python(page):
    """The Python of a page."""
    return "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.S))


def programs(page, training, held_out):
    """The Python of a page, on so many samples of its training data and its held-out data."""
    text = python(page)
    assert 'split="train"' in text
    for split, samples in (("train", training), ("test", held_out)):
        little = f'split="{split}[:{samples}]", data_dir={DATA!r}'
        text = text.replace(f'split="{split}"', little)
    return text


@pytest.mark.usefixtures("_drawn_here")
@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_python_of_readme_runs(tmp_path, monkeypatch, capsys, times):
    monkeypatch.chdir(tmp_path)
    text = (
        python(ROOT / "README.md")
        .replace("epochs=100", "epochs=1")
        .replace("epochs=20", "epochs=2")
    )
    for again in range(times):
        namespace = {}
        exec(text.replace('export("generator")', f'export("generator_{again}")'), namespace)
        said = capsys.readouterr().out
        assert "Mean D(G(z)): 0." in said
        assert "Fréchet distance: " in said
        assert ("has had its 2 epochs" in said) == bool(again)
    assert namespace["samples"].shape == (100, 8, 8, 1)
    assert namespace["gan"].step.numpy() == 3 * 22
    assert {path.name for path in tmp_path.iterdir()} == {
        *("samples.png", "best.keras", "gan.keras", "samples", "backup"),
        *(f"generator_{i}" for i in range(times)),
    }
    assert len(list(tmp_path.glob("samples/epoch_*.png"))) == 2


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text().split()) <= 900


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
