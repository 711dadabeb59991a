"""What the command says: lists, paths, and errors in words."""

import shutil

import pytest
import typer
from commands import QUICK, call, contents, said

import kgan_command
from kgan import recipes, runs
from kgan.cli import saying


def test_recipes_are_listed():
    words = said(call("recipes"))
    for name, recipe in recipes.ALL.items():
        assert name in words
        assert recipe.summary.split()[0] in words


def test_what_a_recipe_chooses_is_no_number_in_its_list():
    words = said(call("recipes", "pictures"))
    *some, last = recipes.CHOSEN
    assert f"it chooses {', '.join(some)} and {last} by the data" in words
    for name in ("length", "batch", "width", "augmentation"):
        assert f"{name} by the data" in words
    assert "latent_dim 64 how many latents. an integer" in words


def test_paths_are_printed_verbatim(run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "my [bold]run[/b")
    result = call("train", *QUICK, "--seed", 3, "--output", folder)
    assert result.exit_code == 0
    for part in (f"in {folder} has ended", f"kgan generate '{folder}'"):
        assert part in said(result)
    output = tmp_path / "a[b] :smile:.png"
    result = call("generate", folder, "--output", output)
    assert f"samples: {output}" in said(result)
    result = call("evaluate", folder, "--samples", 100, "--measures", "pairwise_distance")
    assert str(folder / "evaluation.json") in said(result)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--recipe", "digit"], "Did you mean 'digits'"),
        (["train", "--epochs", "0"], "Invalid value for '--epochs'"),
        (["train", "--batch-size", "2000", "--output", "new"], "`--batch-size` must be at most"),
        (["train", "--batch-size", "0"], "Invalid value for '--batch-size'"),
        (["train", "--seed", "-1"], "Invalid value for '--seed'"),
        (["train", "--precision", "half"], "'half' is not one of 'auto', 'float32', 'mixed"),
        (["train", "--recipe", "pictures"], "`--dataset` is needed with this recipe"),
        (["train", "--dataset", "no/where"], "There is no folder no/where"),
        (["train", "--dataset", "mnst"], "Did you mean 'mnist'"),
        (
            ["train", "--dataset", "PICTURES", "--recipe", "mnist"],
            "`--image-size` is needed for a folder of pictures",
        ),
        (["train", "--dataset", "PICTURES", "--image-size", "7"], "each axis at least 8 long"),
        (["train", "--dataset", "PICTURES", "--image-size", "64x"], "or HEIGHTxWIDTH, such as 64x"),
        (["train", "--steps", "50"], "`--steps` must be a multiple of 100. Received: --steps 50"),
        (["train", "--set", "width"], "--set must be NAME=VALUE"),
        (["train", "--set", "laten_dim=3"], "Did you mean 'latent_dim'"),
        (["train", "--set", "latent_dim=3.5"], "--set latent_dim must be an integer. Received"),
        (["train", "--set", "loss=hing"], "Did you mean 'hinge'"),
        (["train", "--set", "batch_size=8"], "There is an option for batch_size: --batch-size"),
        (
            ["train", "--dataset", "PICTURES/even", "--image-size", "8", "--conditional"],
            "makes each sub-folder a class, and there is none",
        ),
        (["train", "--output", "RUN/run.json"], "is a file; choose another --output"),
        (["train", *QUICK, "--output", "RUN/run.json/deep"], "run.json is a file, not a folder"),
        (["generate", "nowhere"], "is not a trained run"),
        (["export", "nowhere"], "is not a trained run"),
        (["export", "RUN", "--format", "tflite"], "Did you mean"),
        (["export", "nowhere", "--format", "litert", "--quantize", "int"], "Did you mean 'int8'"),
        (
            ["export", "RUN", "--quantize", "int8"],
            "of the format 'litert', which was not asked for",
        ),
        (
            ["export", "RUN", "--output", "RUN/run.json"],
            "run.json cannot be written to: it is a file, not a folder",
        ),
        (["train", *QUICK, "--export", "tf", "--output", "new"], "--export must be one of"),
        (["generate", "RUN", "--labels", "3"], "a GAN that has learned labels"),
        (["generate", "RUN", "--output", "a.jpg"], "must be a .png, a .npy"),
        (["generate", "nowhere", "--output", "a.jpg"], "must be a .png, a .npy"),
        (
            ["train", "--dataset", "PICTURES", "--output", "PICTURES/run"],
            "must not lie in the folder",
        ),
        (
            ["train", "--dataset", "PICTURES/broken", "--image-size", "7"],
            "each axis at least 8 long",
        ),
        (["generate", "RUN", "--output", "RUN"], "exists, and is left as it is"),
        (["generate", "RUN", "--output", "RUN", "--overwrite"], "exists, and is left as it is"),
        (["generate", "RUN", "--output", "RUN/history.png"], "choose another --output, or say"),
        (["generate", "nowhere", "--output", "RUN"], "nowhere is not a trained run"),
        (["generate", "RUN/run.json", "--output", "x.png"], "is no .keras file"),
        (["evaluate", "RUN/run.json"], "is no .keras file"),
    ],
)
def test_impossible_requests_are_refused_with_an_explanation(
    run, pictures, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    before = contents(run)
    words = [w.replace("RUN", str(run)).replace("PICTURES", str(pictures)) for w in arguments]
    result = call(*words)
    assert isinstance(result.exception, SystemExit)  # Anything else is shown as a traceback.
    assert result.exit_code in (1, 2)
    assert message in said(result)
    assert list(tmp_path.iterdir()) == [pictures]
    assert before == contents(run)


def test_a_suggested_command_is_one_that_the_users_shell_finds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = tmp_path / ".venv" / "bin" / "kgan"
    monkeypatch.setattr("sys.argv", [str(program)])
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert saying._program() == ".venv/bin/kgan"
    monkeypatch.setattr("shutil.which", lambda name: str(program))
    assert saying._program() == "kgan"


def test_one_is_not_plural():
    assert saying.counted(1, "epoch") == "1 epoch"
    assert saying.counted(1437, "step") == "1,437 steps"


def test_errors_speak_of_options():
    said = saying._in_options(
        ValueError(
            "`image_size` must be 8 or `value_range=(0, 1)`; value_range=(-1, 1) leaves `samples`, "
            "as with `with_labels=True` in /runs/seed=3/a. Received: image_size=30, dataset='a b', "
            "quantize=('a', 'b', 'c'), format=None, latent_dim=3."
        )
    )
    assert said == (
        "`--image-size` must be 8 or `--value-range 0 1`; --value-range -1 1 leaves `samples`, "
        "as with `--conditional` in /runs/seed=3/a. Received: --image-size 30, --dataset 'a b', "
        "quantize=('a', 'b', 'c'), format=None, latent_dim=3."
    )
    path = runs.RunError("seed=3 is not a trained run. `dataset` is missing.")
    assert saying._in_options(path) == "seed=3 is not a trained run. `--dataset` is missing."


def test_errors_speak_of_options_that_exist():
    commands = typer.main.get_command(kgan_command.app).commands.values()
    known = {option for one in commands for parameter in one.params for option in parameter.opts}
    assert set(saying.OPTIONS.values()) <= known


@pytest.mark.parametrize("error", [MemoryError(), MemoryError("Unable to allocate 5 GiB\nfor it")])
def test_too_little_memory_is_said_with_what_needs_less(error, capsys):
    @saying.command
    def fails():
        raise error

    with pytest.raises(typer.Exit):
        fails()
    told = capsys.readouterr().err
    assert "There is not enough memory: " in told
    assert "--image-size" in told
