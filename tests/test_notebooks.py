import json
import os
import pathlib
import sys

import keras
import pytest

FOLDER = pathlib.Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def code_cells(path):
    """`(source, tags)` of the cells that hold code."""
    for cell in json.loads(path.read_text())["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"]), cell["metadata"].get("tags", [])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_runs(path, tmp_path, monkeypatch, capsys):
    """Runs the cells in order, all but the installation, with the tagged parameters made small."""
    pytest.importorskip("IPython", reason="the notebooks show pictures through IPython")
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for source, tags in code_cells(path):
        if "parameters" in tags:
            source += "\nepochs, backup_every_seconds = 2, 0"
        if "install" not in tags:
            exec(compile(source, path.name, "exec"), namespace)
    assert namespace["gan"].step.numpy() == (2 + 2) * namespace["dataset"].steps_per_epoch
    assert namespace["history"].epoch == [0, 1]
    assert "Going on from" in capsys.readouterr().out
    assert list(tmp_path.rglob("samples.gif"))


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
