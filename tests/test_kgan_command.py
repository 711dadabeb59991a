"""The installed command."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from commands import QUICK
from typer.testing import CliRunner

import kgan_command


def test_help_does_not_wait_for_tensorflow():
    program = (
        "import sys, kgan_command\n"
        "try: kgan_command.app(['train', '--help'])\n"
        "except SystemExit: assert 'tensorflow' not in sys.modules and 'kgan' not in sys.modules"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "--conditional" in result.stdout


def test_another_backend_of_keras_is_refused_in_words():
    result = subprocess.run(
        [shutil.which("kgan", path=os.path.dirname(sys.executable)), "recipes"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"KERAS_BACKEND": "jax"},
    )
    assert result.returncode == 1
    assert result.stderr.startswith("Error: kgan needs Keras with its TensorFlow backend.")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("level", [None, pytest.param("3", marks=pytest.mark.slow)])
def test_the_installed_command_trains_with_nothing_on_stderr(tmp_path, level):
    name = "TF_CPP_MIN_LOG_LEVEL"
    command = shutil.which("kgan", path=os.path.dirname(sys.executable))
    result = subprocess.run(
        [command, "train", *QUICK, "--output", str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in os.environ.items() if key != name}
        | ({} if level is None else {name: level}),
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "epoch 2/2" in result.stdout
    assert zipfile.is_zipfile(tmp_path / "run" / "gan.keras")


@pytest.mark.parametrize("option", ["-h", "--help", "--version"])
def test_help_and_version_are_options_of_the_command(option):
    result = CliRunner().invoke(kgan_command.app, [option])
    assert result.exit_code == 0
    expected = importlib.metadata.version("kgan") if option == "--version" else "Commands"
    assert expected in result.output
