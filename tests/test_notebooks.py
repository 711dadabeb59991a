import json
import os
import sys

import keras
import numpy as np
import pytest
from cells import FOLDER, code_cells

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def run(name, folder, monkeypatch, replacing=()):
    """Runs the cells in order, all but the installation, with the tagged parameters made small.

    Args:
        name: the file of the notebook.
        folder: the working directory.
        monkeypatch: pytest's.
        replacing: pairs of text that is in the notebook, and of what is run instead.

    Returns:
        The names that the notebook has defined.
    """
    pytest.importorskip("IPython", reason="the notebooks show pictures through IPython")
    monkeypatch.chdir(folder)
    namespace = {}
    cells = list(code_cells(FOLDER / name))
    assert all(any(old in source for source, _ in cells) for old, _ in replacing)
    for source, tags in cells:
        for old, new in replacing:
            source = source.replace(old, new)
        if "parameters" in tags:
            source += "\nepochs, backup_every_seconds = 2, 0"
        if "install" not in tags:
            exec(compile(source, name, "exec"), namespace)
    return namespace


@pytest.mark.slow
def test_the_first_notebook_trains_and_resumes(tmp_path, monkeypatch, capsys):
    names = run("01_first_gan.ipynb", tmp_path, monkeypatch)
    assert names["gan"].step.numpy() == (2 + 2) * names["dataset"].steps_per_epoch
    assert names["history"].epoch == [0, 1]
    assert "Resuming from" in capsys.readouterr().out
    assert list(tmp_path.rglob("samples.gif"))


@pytest.mark.slow
@pytest.mark.usefixtures("_drawn_here")
def test_the_export_notebook_exports(tmp_path, monkeypatch, capsys):
    names = run("02_export.ipynb", tmp_path, monkeypatch)
    folder = tmp_path / names["folder"]
    page = json.loads((folder / "export.json").read_text())
    assert list(page) == [
        "generator/1",
        "generator.onnx",
        "generator.tflite",
        "generator_float16.tflite",
        "generator_int8.tflite",
    ]
    assert np.abs(names["answer"]["images"] - names["same"]).max() < 1e-5
    assert len(names["digits"]) == 10
    assert "kB, largest difference" in capsys.readouterr().out


def test_every_notebook_is_tested():
    assert [path.stem for path in NOTEBOOKS] == [
        "01_first_gan",
        "02_export",
        "03_measure",
        "04_the_game",
        "05_when_it_goes_wrong",
        "06_your_own_images",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_restarts_where_older_packages_are_loaded(path, monkeypatch, capsys):
    (versions,) = [source for source, tags in code_cells(path) if "versions" in tags]
    killed = []
    monkeypatch.setattr(os, "kill", lambda *arguments: killed.append(arguments))
    exec(versions, {})
    assert not killed
    monkeypatch.setattr(keras, "__version__", "3.8.0")
    assert sys.modules["keras"].__version__ == "3.8.0"
    exec(versions, {})
    assert killed == [(os.getpid(), 9)]
    assert "keras 3.8.0, installed is" in capsys.readouterr().out


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_notebook_is_committed_with_outputs(path):
    cells = json.loads(path.read_text())["cells"]
    assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]


FEW = 'num_seeds=2, num_samples=150, measures=["frechet_distance", "memorization"]'
LITTLE = [("num_seeds=2", FEW), ("generate(1000, ", "generate(200, ")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "replacing",
    [
        pytest.param(LITTLE, id="little"),
        pytest.param([], id="all", marks=pytest.mark.slow),
    ],
)
def test_the_measuring_notebook_measures(tmp_path, monkeypatch, capsys, replacing):
    names = run("03_measure.ipynb", tmp_path, monkeypatch, replacing)
    found = names["found"]
    assert found["frechet_distance_digits"].value > found["frechet_distance_digits"].real
    assert names["likelihood"](names["blurred"]) > names["likelihood"](names["train"].samples[:500])
    assert "copies 0.0" in capsys.readouterr().out


@pytest.mark.slow
def test_the_notebook_of_illnesses_brings_them_about(tmp_path, monkeypatch, capsys):
    names = run("05_when_it_goes_wrong.ipynb", tmp_path, monkeypatch, [("= 150 ", "= 30 ")])

    def said(game):
        return [symptom.name for symptom in names[game].symptoms]

    assert names["healthy"].risks == said("healthy") == said("cured") == []
    assert said("starved") == ["generator_starved"]
    assert said("collapsed") == said("same") == ["mode_collapse"]
    assert "diverged" in said("diverged")
    assert said("ignored") == ["class_collapse"]
    assert {"discriminator_too_weak", "mode_collapse"}.intersection(said("weak"))
    assert "Risk: With a learning rate of" in capsys.readouterr().out


@pytest.mark.slow
def test_the_notebook_of_the_game_plays(tmp_path, monkeypatch, capsys):
    shorter = [("length = 1.0", "length = 0.01")]
    names = run("04_the_game.ipynb", tmp_path, monkeypatch, shorter)
    assert names["gan"].step.numpy() == names["dataset"].steps_per_epoch
    said = capsys.readouterr().out
    assert "def train_step(" in said
    assert "weak_discriminator_fresh" in said


@pytest.mark.slow
@pytest.mark.usefixtures("_drawn_here")
def test_the_notebook_of_own_images_trains_and_judges(tmp_path, monkeypatch, capsys):
    shorter = [
        ("size.value", "16"),
        ("epochs=recipe.num_epochs", "epochs=1"),
        ("num_updates=400", "num_updates=4, num_seeds=2"),
    ]
    names = run("06_your_own_images.ipynb", tmp_path, monkeypatch, shorter)
    assert names["dataset"].num_samples == 60
    assert [int(names[gan].step.numpy()) for gan in ("gan", "gan_of_classes")] == [100, 100]
    assert names["labelled"].class_names == ("boxes", "crosses", "discs")
    assert names["found"].ratio < 0.5  # of the copies
    said = capsys.readouterr().out
    assert "augmentation  diff_augment: D would memorize 60 pictures" in said
    assert "Generated samples" in said
    assert list(tmp_path.rglob("samples.gif"))
    assert list(tmp_path.rglob("generator.keras"))
