import numpy as np
import PIL.Image
import pytest
from commands import QUICK, call, said


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The folder of a run of two epochs, as the command makes it, and what it said."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    result = call("train", *QUICK, "--seed", 3, "--output", folder)
    assert result.exit_code == 0, result.output
    return folder, said(result)


@pytest.fixture(scope="session")
def run(trained):
    """The folder of that run, which tests leave as it is; those that write copy it."""
    return trained[0]


@pytest.fixture
def pictures(tmp_path):
    """A folder of colour pictures in two sub-folders, and two files that are none."""
    random = np.random.default_rng(0)
    for i in range(24):
        path = tmp_path / "pictures" / ("even", "odd")[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (*random.integers(8, 30, 2), 3)
        PIL.Image.fromarray(random.integers(0, 256, shape, dtype="uint8")).save(path)
    (tmp_path / "pictures" / "even" / "notes.txt").write_text("no picture")
    (tmp_path / "pictures" / "top.png").write_bytes(b"")
    (tmp_path / "pictures" / "broken").mkdir()
    return tmp_path / "pictures"
