import csv
import dataclasses
import json
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

import kgan_command
from kgan import datasets, files, recipes, runs
from kgan.cli import data_of_runs, drawing
from kgan.resumption import backups

QUICK = ["--epochs", "2", "--batch-size", "256"]


def call(*arguments):
    return CliRunner().invoke(kgan_command.app, [str(argument) for argument in arguments])


def said(result):
    """What the command wrote, on one line."""
    return " ".join(result.output.replace("│", " ").split())


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two epochs, as the command makes it."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    result = call("train", *QUICK, "--seed", 3, "--output", folder)
    assert result.exit_code == 0, result.output
    return folder


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


def test_train_leaves_everything_in_the_runs_folder(run):
    assert sorted(path.relative_to(run).as_posix() for path in run.rglob("*.*")) == [
        ".lock",
        "backup/.lock",
        "backup/newest.keras",
        "gan.keras",
        "history.png",
        "log.csv",
        "run.json",
        "samples/epoch_0001.png",
        "samples/epoch_0002.png",
        "samples/samples.gif",
    ]
    assert len((run / "log.csv").read_text().splitlines()) == 1 + 2
    gan, _ = runs.find(run)
    assert gan.seed == 3


def test_the_same_command_again_leaves_a_finished_run_as_it_is(run):
    before = contents(run)
    result = call("train", *QUICK, "--seed", 3, "--output", run)
    assert result.exit_code == 0
    assert "has ended already" in result.output
    assert before == contents(run)


def test_another_command_in_the_same_folder_is_refused(run):
    before = contents(run)
    result = call("train", *QUICK, "--seed", 4, "--conditional", "--output", run)
    assert result.exit_code == 1
    assert "conditional: False there, True now seed: 3 there, 4 now" in said(result)
    result = call("train", "--epochs", 1, "--batch-size", 256, "--seed", 3, "--output", run)
    assert "epochs: 2 there, 1 now" in said(result)
    assert before == contents(run)


def test_more_epochs_prolong_a_run_as_if_they_had_been_asked_for_at_once(tmp_path):
    options = ["--batch-size", 256, "--output"]
    for epochs in (2, 4):
        assert call("train", "--epochs", epochs, *options, tmp_path / "twice").exit_code == 0
    assert call("train", "--epochs", 4, *options, tmp_path / "once").exit_code == 0
    (twice, _), (once, _) = runs.find(tmp_path / "twice"), runs.find(tmp_path / "once")
    assert players.same(players.digest(twice), players.digest(once))
    logs = [(tmp_path / name / "log.csv").read_bytes() for name in ("twice", "once")]
    assert logs[0] == logs[1]
    assert json.loads((tmp_path / "twice" / "run.json").read_text())["trained_epochs"] == 4


def test_a_run_that_lost_its_gan_makes_it_anew(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "gan.keras").unlink()
    assert "has had its 2 epochs" in said(call("train", *QUICK, "--seed", 3, "--output", copy))
    (first, _), (second, _) = runs.find(run), runs.find(copy)
    assert players.same(players.digest(first), players.digest(second))
    assert contents(run / "samples").keys() == {
        run / path.relative_to(copy) for path in contents(copy / "samples")
    }


def test_train_says_what_it_is_about_to_do(run, tmp_path):
    words = said(call("train", *QUICK, "--seed", 3, "--output", tmp_path / "run"))
    for part in (
        "data digits: 1,437 samples of 8×8×1",
        "generator 90,688 weights",
        "training 2 epochs of 5 steps of 256 samples, in float32, seed 3",
        "epoch 2/2",
        "Draw from it: kgan generate",
    ):
        assert part in words


def test_nothing_is_read_for_a_run_that_cannot_be_written(run, tmp_path, monkeypatch):
    monkeypatch.setattr(recipes.Recipe, "load", lambda recipe: pytest.fail("The data was read."))
    with files.held(tmp_path / "held"):
        assert "is in use" in said(call("train", *QUICK, "--output", tmp_path / "held"))
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    result = call("train", *QUICK, "--output", tmp_path / "new" / "deep")
    assert f"cannot be made: {tmp_path} is no folder that can be written to" in said(result)
    assert not (tmp_path / "new").exists()


def test_a_second_process_on_a_run_is_refused_and_the_first_unharmed(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    before = contents(copy)
    with files.held(copy):
        result = call("train", "--epochs", 3, *QUICK[2:], "--seed", 3, "--output", copy)
    assert result.exit_code == 1
    assert "is in use: another training writes to it" in said(result)
    assert before == contents(copy)
    assert call("train", "--epochs", 3, *QUICK[2:], "--seed", 3, "--output", copy).exit_code == 0


def test_of_a_run_that_has_not_ended_the_last_backup_is_drawn_from(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "gan.keras").unlink()
    result = call("generate", copy, "--output", tmp_path / "samples.png")
    assert result.exit_code == 0
    assert "has not ended; what is drawn from is its last backup" in said(result)


def test_your_own_pictures_from_the_folder_to_samples_of_a_class(pictures, tmp_path):
    options = ["--image-size", 8, "--batch-size", 8, "--epochs", 2, "--output", tmp_path / "run"]
    result = call("train", "--dataset", pictures, "--conditional", *options)
    assert result.exit_code == 0, result.output
    words = said(result)
    assert "24 samples of 8×8×3" in words
    assert "classes 2: even, odd" in words
    assert "skipped 2 files top.png: in no sub-folder, so without a label notes.txt: " in words
    grid = ["--labels", "1,0", "--num-samples", 6, "--output", tmp_path / "grid.png"]
    assert call("generate", tmp_path / "run", *grid).exit_code == 0
    with PIL.Image.open(tmp_path / "grid.png") as picture:
        assert picture.mode == "RGB"
        assert picture.width < picture.height
    drawn = []
    for labels, path in (("odd, even", tmp_path / "named.npy"), ("1,0", tmp_path / "numbered.npy")):
        asked = ["--labels", labels, "--num-samples", 6, "--seed", 0, "--output", path]
        assert call("generate", tmp_path / "run", *asked).exit_code == 0
        drawn.append(path.read_bytes())
    assert drawn[0] == drawn[1]
    for labels, message in (("2", "`labels` must be in 0..1"), ("od", "or names: even, odd")):
        result = call("generate", tmp_path / "run", "--labels", labels, "--output", tmp_path / "no")
        assert message in said(result)
    drawn = ["--num-samples", 6, "--seed", 0, "--output"]
    for output in (tmp_path / "drawn", tmp_path / "drawn.npz"):
        assert call("generate", tmp_path / "run", *drawn, output).exit_code == 0
    labels = np.load(tmp_path / "drawn.npz")["labels"]
    assert np.load(tmp_path / "drawn.npz")["samples"].shape == (6, 8, 8, 3)
    assert {
        path.relative_to(tmp_path / "drawn").as_posix() for path in contents(tmp_path / "drawn")
    } == {f"{('even', 'odd')[label]}/{i:05d}.png" for i, label in enumerate(labels)}
    plain = ["--dataset", pictures, *options[:-1], tmp_path / "plain"]
    assert call("train", *plain).exit_code == 0


def test_pictures_of_a_pixel_or_two_are_taken(tmp_path):
    for i, size in enumerate([(1, 1), (2, 2), (1, 2), (2, 1)]):
        (tmp_path / "tiny").mkdir(exist_ok=True)
        PIL.Image.new("RGB", size, (i, 50 * i, 9)).save(tmp_path / "tiny" / f"{i}.png")
    options = ["--image-size", 8, "--batch-size", 2, "--epochs", 1, "--output", tmp_path / "run"]
    assert call("train", "--dataset", tmp_path / "tiny", *options).exit_code == 0


def test_a_run_may_be_called_like_its_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for epochs in (1, 2):
        options = ["--epochs", epochs, "--batch-size", 256, "--output", "digits"]
        assert call("train", "--dataset", "digits", *options).exit_code == 0
    asked = json.loads((tmp_path / "digits" / "run.json").read_text())["asked"]
    assert asked["dataset"] == "digits"
    assert (tmp_path / "mnist").mkdir() is None
    assert not datasets.is_directory("mnist")
    assert datasets.is_directory("./mnist")


def test_classes_that_are_called_by_numbers_are_asked_for_by_their_names():
    assert drawing._classes("7, 3", ("3", "7")) == [1, 0]
    with pytest.raises(runs.RunError, match=r"must be names: 3, 7\. Received: 0\."):
        drawing._classes("0", ("3", "7"))
    assert drawing._classes("1,cat", ("cat", "dog")) == [1, 0]
    assert drawing._name(1, ("Coat", "T - shirt / top")) == "T - shirt - top"


def test_recipes_are_listed():
    words = said(call("recipes"))
    for name, recipe in recipes.ALL.items():
        assert name in words
        assert recipe.summary.split()[0] in words


def test_help_does_not_wait_for_tensorflow():
    program = (
        "import sys, kgan_command\n"
        "try: kgan_command.app(['train', '--help'])\n"
        "except SystemExit: assert 'tensorflow' not in sys.modules and 'kgan' not in sys.modules"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "--conditional" in result.stdout


def test_generate_writes_a_grid(run, tmp_path):
    result = call("generate", run, "--num-samples", 9, "--output", tmp_path / "grid.PNG")
    assert result.exit_code == 0
    with PIL.Image.open(tmp_path / "grid.PNG") as picture:
        assert picture.size == (26 * 20, 26 * 20)


def test_generate_writes_bytes_that_are_those_of_the_gan(run, tmp_path):
    path = tmp_path / "new" / "samples.npy"
    assert call("generate", run, "--num-samples", 70, "--seed", 5, "--output", path).exit_code == 0
    samples = np.load(path)
    assert samples.dtype == np.uint8
    assert samples.shape == (70, 8, 8, 1)
    gan, _ = runs.find(run)
    expected = (gan.generate(70, seed=5) + 1) * 127.5
    np.testing.assert_allclose(samples, expected, atol=0.51)


def test_generate_writes_a_folder_of_pictures(run, tmp_path):
    folder = tmp_path / "pictures"
    assert call("generate", run, "--num-samples", 3, "--output", folder).exit_code == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["00000.png", "00001.png", "00002.png"]
    with PIL.Image.open(folder / "00000.png") as picture:
        assert picture.size == (8, 8)


def test_export_writes_beside_the_run_what_was_asked_for_and_shows_the_proof(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    formats = ["--format", "tf_saved_model", "--format", "litert"]
    result = call("export", copy, *formats, "--quantize", "none", "--quantize", "int8")
    assert result.exit_code == 0, result.output
    exported = ["generator/1", "generator.tflite", "generator_int8.tflite"]
    described = json.loads((copy / "export.json").read_text())
    assert sorted(described) == sorted(exported)
    assert all(of["proof"]["frechet_distance_features"] == "digits" for of in described.values())
    assert described["generator_int8.tflite"]["proof"]["frechet_distance_change"] != 0
    words = said(result)
    for part in (*exported, "dB", "ms an image", "MB", "Fréchet"):
        assert part in words
    before = contents(copy)
    assert call("export", copy).exit_code == 0
    assert (copy / "generator" / "2" / "saved_model.pb").exists()
    after = contents(copy)
    assert all(after[path] == before[path] for path in before if path.name != "export.json")


def test_export_without_the_data_of_the_run_says_what_is_missing(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    description = json.loads((copy / "run.json").read_text())
    description["asked"]["dataset"] = str(tmp_path / "gone")
    (copy / "run.json").write_text(json.dumps(description))
    result = call("export", copy, "--format", "litert")
    assert result.exit_code == 0, result.output
    assert "cannot be read" in said(result)
    assert "the proof holds no Fréchet distance" in said(result)
    assert "--dataset" not in said(result)  # Which is none of its options.
    proof = json.loads((copy / "export.json").read_text())["generator.tflite"]["proof"]
    assert proof["frechet_distance_change"] is None


def test_data_is_not_read_for_an_export_where_no_features_suit_it():
    def load():
        raise AssertionError("It was read.")

    assert data_of_runs.reference("pictures", (64, 64, 3), load) == {}
    few = datasets.from_arrays(np.zeros((100, 8, 8, 1)))
    known = data_of_runs.reference("pictures", (8, 8, 1), lambda: few)
    assert known["features"] == "raw"
    assert known["reference_images"].shape == (100, 8, 8, 1)
    assert data_of_runs.reference("pictures", (12, 12, 1), lambda: few) == {}


def test_export_takes_a_file_another_folder_and_any_batch(run, tmp_path):
    options = ["--format", "onnx", "--batch-size", 0, "--output", tmp_path / "new" / "deep"]
    assert call("export", run / "gan.keras", *options).exit_code == 0
    described = json.loads((tmp_path / "new" / "deep" / "generator.onnx.json").read_text())
    assert described["inputs"][0]["shape"] == [None, 32]
    assert not (run / "export.json").exists()


def test_train_exports_when_it_has_ended_and_again_only_what_is_missing(tmp_path, monkeypatch):
    command = ["train", *QUICK, "--conditional", "--output", tmp_path / "run", "--export", "litert"]

    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("kgan.cli.exporting.write", interrupt)
        assert call(*command).exit_code == 130
    assert call(*command).exit_code == 0
    described = json.loads((tmp_path / "run" / "generator.tflite.json").read_text())
    labels = described["inputs"][1]
    assert labels["num_classes"] == 10
    assert sum(labels["class_frequencies"]) == pytest.approx(1, abs=1e-4)
    assert len(set(labels["class_frequencies"])) > 1
    result = call(*command, "--export", "tf_saved_model")
    assert "has ended already" in said(result)
    exported = [*(tmp_path / "run").glob("*.tflite"), *(tmp_path / "run" / "generator").iterdir()]
    assert [path.name for path in exported] == ["generator.tflite", "1"]


def test_export_takes_what_its_proof_must_hold(run, tmp_path):
    options = ["--format", "litert", "--quantize", "int8", "--output", tmp_path]
    result = call("export", run, *options, "--max-difference", 1e-6, "--min-psnr", 20)
    assert result.exit_code == 1
    assert "allowed is max_difference=1e-06, min_psnr=20" in said(result)
    assert call("export", run, *options, "--max-difference", 2).exit_code == 0


def test_paths_are_said_as_they_are(run, tmp_path):
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


def test_paths_may_begin_at_home(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copytree(run, tmp_path / "run")
    assert call("generate", "~/run", "--output", "~/drawn/a.png").exit_code == 0
    assert (tmp_path / "drawn" / "a.png").exists()


def test_errors_are_no_output(tmp_path):
    result = call("generate", tmp_path / "nowhere")
    assert "is not a trained run" in result.stderr
    assert result.stdout == ""


def test_a_run_whose_pictures_moved_is_prolonged(pictures, tmp_path):
    options = ["--image-size", 8, "--batch-size", 8, "--output", tmp_path / "run"]
    assert call("train", "--dataset", pictures, "--epochs", 1, *options).exit_code == 0
    shutil.move(pictures, tmp_path / "moved")
    result = call("train", "--dataset", tmp_path / "moved", "--epochs", 2, *options)
    assert result.exit_code == 0, result.output
    (tmp_path / "moved" / "odd" / "1.png").unlink()
    shutil.move(tmp_path / "moved", tmp_path / "again")
    result = call("train", "--dataset", tmp_path / "again", "--epochs", 3, *options)
    assert result.exit_code == 1
    assert "num_samples" in said(result)


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
        (["train", "--batch-size", "0"], "Invalid value for '--batch-size'"),
        (["train", "--seed", "-1"], "Invalid value for '--seed'"),
        (["train", "--precision", "half"], "'half' is not one of 'auto', 'float32', 'mixed"),
        (["train", "--recipe", "pictures"], "`dataset` is needed with this recipe"),
        (["train", "--dataset", "no/where"], "There is no folder no/where"),
        (["train", "--dataset", "mnst"], "Did you mean 'mnist'"),
        (["train", "--dataset", "PICTURES"], "`image_size` is needed for a folder of pictures"),
        (
            ["train", "--dataset", "PICTURES", "--image-size", "30", "--batch-size", "8"],
            "must be square, of 4·2ⁿ (8, 16, 32, 64, ...) or 28 pixels",
        ),
        (
            ["train", "--dataset", "PICTURES/even", "--image-size", "8", "--conditional"],
            "makes each sub-folder a class, and there is none",
        ),
        (["train", "--output", "RUN/run.json"], "is a file; choose another --output"),
        (["train", *QUICK, "--output", "RUN/run.json/deep"], "run.json is no folder"),
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
            "run.json is no folder that can be written",
        ),
        (["train", *QUICK, "--export", "tf", "--output", "new"], "`format` must be one of"),
        (["generate", "RUN", "--labels", "3"], "a GAN that has learned labels"),
        (["generate", "RUN", "--output", "a.jpg"], "must be a .png, a .npy"),
        (["generate", "nowhere", "--output", "a.jpg"], "must be a .png, a .npy"),
        (
            ["train", "--dataset", "PICTURES", "--output", "PICTURES/run"],
            "must not lie in the folder",
        ),
        (
            ["train", "--dataset", "PICTURES/broken", "--image-size", "30"],
            "must be square, of 4·2ⁿ (8, 16, 32, 64, ...) or 28 pixels",
        ),
        (["generate", "RUN", "--output", "RUN"], "exists, and is left as it is"),
        (["generate", "RUN/run.json", "--output", "x.png"], "is no .keras file"),
        (["evaluate", "RUN/run.json"], "is no .keras file"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
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


def test_a_folder_of_something_else_is_not_touched(tmp_path):
    (tmp_path / "thesis.tex").write_text("chapter one")
    result = call("train", *QUICK, "--output", tmp_path)
    assert result.exit_code == 1
    assert "holds something else than a run of kgan" in said(result)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.filterwarnings("ignore:The backup")
@pytest.mark.parametrize("name", ["run.json", "gan.keras", "backup"])
def test_a_damaged_run_says_what_is_damaged_and_what_can_be_done(run, tmp_path, name):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    if name == "backup":
        (copy / "backup" / backups.NEWEST).write_bytes(b"PK")
    else:
        (copy / name).write_bytes(b"{")
    if name == "gan.keras":
        result = call("generate", copy, "--output", tmp_path / "samples.png")
    else:
        result = call("train", "--epochs", 3, *QUICK[2:], "--seed", 3, "--output", copy)
    assert result.exit_code == 1
    words = said(result)
    assert {"backup": "newest.keras"}.get(name, name) in words
    assert "damaged" in words
    assert {"run.json": "kgan generate", "gan.keras": "makes it anew", "backup": "begin anew"}[
        name
    ] in words


@pytest.mark.parametrize("epochs", [1, 2])
def test_training_that_diverges_says_so_and_leaves_no_model(tmp_path, monkeypatch, epochs):
    diverging = dataclasses.replace(recipes.DIGITS, learning_rate=float("nan"))
    monkeypatch.setitem(recipes.ALL, "digits", diverging)
    result = call("train", *QUICK, "--epochs", epochs, "--output", tmp_path / "run")
    assert result.exit_code == 1
    assert "diverged in epoch 1" in said(result)
    assert not (tmp_path / "run" / "gan.keras").exists()


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


@pytest.mark.parametrize("level", [None, "3"])
def test_the_installed_command_trains_without_chatter(tmp_path, level):
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


# kgan evaluate


def evaluated(run, *arguments):
    return call("evaluate", run, "--samples", 100, "--seeds", 1, *arguments)


def test_evaluate_says_what_it_measured_and_writes_it_down(run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    result = evaluated(folder, "--measures", "frechet_distance,class_coverage")
    assert result.exit_code == 0, result.output
    text = said(result)
    assert "frechet_distance_digits" in text
    assert "times the (squared) distance of other real data." in text
    assert "100 samples, 1 times (mean ± standard error), beside 100 training samples" in text
    assert evaluated(folder, "--measures", "two_sample_test").exit_code == 0
    first, second = json.loads((folder / "evaluation.json").read_text())["evaluations"]
    assert first["dataset"] == "digits"
    assert [finding["name"] for finding in first["findings"]] == [
        "frechet_distance_digits",
        "classes_digits",
        "rarest_class_digits",
        "class_kl_digits",
    ]
    assert second["findings"][0]["name"] == "two_sample_test"
    for name in ("nearest.png", "nearest_pairs.png", "interpolation.png"):
        with PIL.Image.open(folder / name) as picture:
            assert picture.width > 500


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--measures", "fid"], "`measures` must be one of"),
        (["--measures", "label_accuracy"], "do not all fit this data"),
        (["--samples", "7"], "`num_samples` must be at least 100"),
        (["--features", "mnist"], "are of samples of 28×28×1"),
        (["--dataset", "nothing"], "cannot be read: `dataset` must be one of"),
        (["--dataset", "ring"], "was built for samples of shape (8, 8, 1)"),
    ],
)
def test_what_evaluate_cannot_do_is_said_and_nothing_is_written(run, arguments, message):
    before = contents(run)
    result = evaluated(run, *arguments)
    assert result.exit_code == 1
    assert message in said(result)
    assert contents(run) == before


def test_evaluate_asks_for_the_data_of_a_gan_that_does_not_say(run, tmp_path):
    shutil.copy(run / "gan.keras", tmp_path)
    result = evaluated(tmp_path / "gan.keras")
    assert result.exit_code == 1
    assert "Say so: --dataset mnist, or a folder of pictures" in said(result)
    arguments = ["--dataset", "digits", "--measures", "pairwise_distance"]
    assert evaluated(tmp_path / "gan.keras", *arguments).exit_code == 0


def test_a_damaged_evaluation_is_left_as_it_is(run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "evaluation.json").write_text("{")
    result = evaluated(folder)
    assert result.exit_code == 1
    assert "is damaged" in said(result)
    assert (folder / "evaluation.json").read_text() == "{"


def test_a_run_whose_pictures_are_gone_says_how_to_give_them(pictures, tmp_path):
    folder = tmp_path / "run"
    arguments = ["--dataset", pictures, "--image-size", 8, "--epochs", 1, "--batch-size", 8]
    assert call("train", *arguments, "--output", folder).exit_code == 0
    shutil.move(pictures, tmp_path / "moved")
    result = evaluated(folder)
    assert result.exit_code == 1
    assert "cannot be read" in said(result)
    assert "say where: --dataset FOLDER" in said(result)
    result = evaluated(folder, "--dataset", tmp_path / "moved")
    assert "at least 100 samples each" in said(result)


def test_train_keeps_the_best_epoch_where_it_is_asked_to(tmp_path):
    folder = tmp_path / "run"
    arguments = ["train", *QUICK, "--best", "--output", folder]
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    distances = [float(row["val_frechet_distance_digits"]) for row in rows]
    gan, _ = runs.find(folder)
    steps = int(gan.step.numpy()) // 5
    assert steps == 1 + int(np.argmin(distances))
    # With more epochs it goes on from the last one, not from the best.
    arguments[2] = "4"
    assert call(*arguments).exit_code == 0
    assert len((folder / "log.csv").read_text().splitlines()) == 5
    result = call("train", *QUICK, "--output", folder)
    assert "best" in said(result)
    assert result.exit_code == 1


def test_best_needs_held_out_data(pictures, tmp_path):
    arguments = ["--dataset", pictures, "--image-size", 8, "--batch-size", 8]
    result = call("train", *arguments, "--best", "--output", tmp_path / "run")
    assert result.exit_code == 1
    assert "--best needs data that nobody trains on" in said(result)
    assert not (tmp_path / "run").exists()


def test_generate_truncates(run, tmp_path):
    pairs = [("wide", []), ("narrow", ["--truncation", 0.1])]
    for name, arguments in pairs:
        arguments = ["--seed", 0, *arguments, "--output", tmp_path / f"{name}.npy"]
        assert call("generate", run, *arguments).exit_code == 0
    wide, narrow = (np.load(tmp_path / f"{name}.npy").astype("float") for name, _ in pairs)
    assert narrow.std(axis=0).mean() < 0.5 * wide.std(axis=0).mean()
    result = call("generate", run, "--truncation", -1, "--output", tmp_path / "x.npy")
    assert "`truncation` must be positive" in said(result)
