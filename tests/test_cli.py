import os
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import PIL.Image
import players
import pytest
from typer.testing import CliRunner

from kgan import cli, runs

QUICK = ["--epochs", "2", "--batch-size", "256"]


def call(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two epochs, as the command makes it."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    result = call("train", *QUICK, "--seed", 3, "--output", folder)
    assert result.exit_code == 0, result.output
    return folder


def test_train_leaves_everything_in_the_runs_folder(run):
    assert sorted(path.relative_to(run).as_posix() for path in run.rglob("*.*")) == [
        "gan.keras",
        "history.png",
        "log.csv",
        "run.json",
        "samples/epoch_0001.png",
        "samples/epoch_0002.png",
        "samples/samples.gif",
    ]
    assert len((run / "log.csv").read_text().splitlines()) == 1 + 2
    assert runs.find(run).seed == 3


def test_the_same_command_again_leaves_a_finished_run_as_it_is(run):
    before = {path: path.read_bytes() for path in run.rglob("*.*")}
    result = call("train", *QUICK, "--seed", 3, "--output", run)
    assert result.exit_code == 0
    assert "has ended already" in result.output
    assert before == {path: path.read_bytes() for path in run.rglob("*.*")}


def test_another_command_in_the_same_folder_is_refused(run):
    result = call("train", *QUICK, "--seed", 4, "--output", run)
    assert result.exit_code == 1
    assert "seed: 3 there, 4 now" in result.output


def test_generate_writes_a_grid(run, tmp_path):
    result = call("generate", run, "--num-samples", 9, "--output", tmp_path / "grid.png")
    assert result.exit_code == 0
    with PIL.Image.open(tmp_path / "grid.png") as picture:
        assert picture.size == (26 * 20, 26 * 20)


def test_generate_writes_bytes_that_are_those_of_the_gan(run, tmp_path):
    path = tmp_path / "samples.npy"
    assert call("generate", run, "--num-samples", 70, "--seed", 5, "--output", path).exit_code == 0
    samples = np.load(path)
    assert samples.dtype == np.uint8
    assert samples.shape == (70, 8, 8, 1)
    expected = (runs.find(run).generate(70, seed=5) + 1) * 127.5
    np.testing.assert_allclose(samples, expected, atol=0.51)


def test_generate_writes_a_folder_of_pictures(run, tmp_path):
    folder = tmp_path / "pictures"
    assert call("generate", run, "--num-samples", 3, "--output", folder).exit_code == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["00000.png", "00001.png", "00002.png"]
    with PIL.Image.open(folder / "00000.png") as picture:
        assert picture.size == (8, 8)


def test_generate_takes_a_file_and_labels(tmp_path):
    gan = players.gan(4)
    gan.save(tmp_path / "gan.keras")
    output = tmp_path / "samples.npy"
    options = ["--labels", "3,1", "--num-samples", 4, "--seed", 0, "--output", output]
    assert call("generate", tmp_path / "gan.keras", *options).exit_code == 0
    expected = (gan.generate(4, [3, 1, 3, 1], seed=0) + 1) * 127.5
    np.testing.assert_allclose(np.load(output), expected, atol=0.51)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--recipe", "digit"], "Did you mean 'digits'"),
        (["train", "--epochs", "0"], "Invalid value for '--epochs'"),
        (["train", "--batch-size", "2000", "--output", "new"], "`batch_size` must be at most"),
        (["generate", "nowhere"], "is not a trained run"),
        (["generate", "RUN", "--labels", "3"], "these networks take none"),
        (["generate", "RUN", "--labels", "a"], "must be integers"),
        (["generate", "RUN", "--output", "a.jpg"], "must be a .png, a .npy"),
        (["generate", "RUN", "--output", "RUN"], "exists, and is left as it is"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = call(*[str(run) if word == "RUN" else word for word in arguments])
    assert result.exit_code in (1, 2)
    assert message in " ".join(result.output.replace("│", " ").split())
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


def test_training_that_diverges_says_so_and_leaves_no_model(tmp_path, monkeypatch):
    import dataclasses

    from kgan import recipes

    diverging = dataclasses.replace(recipes.DIGITS, learning_rate=float("nan"))
    monkeypatch.setitem(recipes.ALL, "digits", diverging)
    result = call("train", *QUICK, "--output", tmp_path / "run")
    assert result.exit_code == 1
    assert "stopped after 1 epoch" in result.output
    assert not (tmp_path / "run" / "gan.keras").exists()


def test_the_installed_command_trains_without_chatter(tmp_path):
    command = shutil.which("kgan", path=os.path.dirname(sys.executable))
    result = subprocess.run(
        [command, "train", *QUICK, "--output", str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"},
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "epoch 2/2" in result.stdout
    assert zipfile.is_zipfile(tmp_path / "run" / "gan.keras")
