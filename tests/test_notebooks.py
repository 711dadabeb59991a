import json
import pathlib

import pytest

FOLDER = pathlib.Path(__file__).parent.parent / "notebooks"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_notebook_runs(path, tmp_path, monkeypatch):
    """Runs the cells in order, all but the installation, with the tagged parameters made small."""
    pytest.importorskip("IPython", reason="the notebooks show pictures through IPython")
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for cell in json.loads(path.read_text())["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or source.startswith("%pip"):
            continue
        if "parameters" in cell["metadata"].get("tags", []):
            source += "\nepochs = 2"
        exec(compile(source, path.name, "exec"), namespace)
    assert namespace["gan"].step.numpy() == (2 + 2) * namespace["dataset"].steps_per_epoch
    assert list(tmp_path.rglob("samples.gif"))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_notebook_is_committed_with_outputs(path):
    cells = json.loads(path.read_text())["cells"]
    assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
