"""`kgan train`."""

import csv
import dataclasses
import json
import os
import shutil

import numpy as np
import PIL.Image
import players
import pytest
from commands import QUICK, call, contents, evaluated, said

from kgan import datasets, files, recipes, runs
from kgan.resumption import backups


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


@pytest.mark.slow
def test_more_epochs_extend_a_run_as_if_requested_at_once(run, tmp_path):
    shutil.copytree(run, tmp_path / "twice")
    for name in ("twice", "once"):
        options = ["--epochs", 4, *QUICK[2:], "--seed", 3, "--output", tmp_path / name]
        assert call("train", *options).exit_code == 0
    (twice, _), (once, _) = runs.find(tmp_path / "twice"), runs.find(tmp_path / "once")
    assert players.same(players.digest(twice), players.digest(once))
    logs = [(tmp_path / name / "log.csv").read_bytes() for name in ("twice", "once")]
    assert logs[0] == logs[1]
    assert json.loads((tmp_path / "twice" / "run.json").read_text())["trained_epochs"] == 4


def test_a_run_that_was_stopped_before_its_first_backup_says_that_it_begins_again(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(copy / "backup")
    (copy / "gan.keras").unlink()
    result = call("train", *QUICK, "--seed", 3, "--output", copy)
    assert result.exit_code == 0, result.output
    assert "stopped before its first backup, and begins again" in said(result)
    assert len((copy / "log.csv").read_text().splitlines()) == 3


def test_a_run_without_its_gan_file_writes_it_again(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "gan.keras").unlink()
    assert "has had its 2 epochs" in said(call("train", *QUICK, "--seed", 3, "--output", copy))
    (first, _), (second, _) = runs.find(run), runs.find(copy)
    assert players.same(players.digest(first), players.digest(second))
    assert contents(run / "samples").keys() == {
        run / path.relative_to(copy) for path in contents(copy / "samples")
    }


def test_train_prints_its_plan(trained):
    _, words = trained
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
    assert f"cannot be made: {tmp_path} cannot be written to" in said(result)
    assert not (tmp_path / "new").exists()


def test_a_second_process_on_a_run_is_refused_and_the_first_is_unharmed(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    before = contents(copy)
    with files.held(copy):
        result = call("train", "--epochs", 3, *QUICK[2:], "--seed", 3, "--output", copy)
    assert result.exit_code == 1
    assert "is in use: another training writes to it" in said(result)
    assert before == contents(copy)
    assert call("train", "--epochs", 3, *QUICK[2:], "--seed", 3, "--output", copy).exit_code == 0


@pytest.mark.slow
def test_a_folder_of_pictures_becomes_samples_of_chosen_classes(pictures, tmp_path):
    options = ["--image-size", 8, "--batch-size", 8, "--epochs", 1, "--output", tmp_path / "run"]
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
    for labels, message in (("2", "`--labels` must be in 0..1"), ("od", "or names: even, odd")):
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


def test_pictures_of_one_or_two_pixels_are_accepted(tmp_path):
    for i, size in enumerate([(1, 1), (2, 2), (1, 2), (2, 1)]):
        (tmp_path / "tiny").mkdir(exist_ok=True)
        PIL.Image.new("RGB", size, (i, 50 * i, 9)).save(tmp_path / "tiny" / f"{i}.png")
    options = ["--image-size", 8, "--batch-size", 2, "--epochs", 1, "--output", tmp_path / "run"]
    result = call("train", "--dataset", tmp_path / "tiny", *options)
    assert result.exit_code == 0
    assert "run the same command with --epochs 1000." in said(result)  # 2,000 steps, two an epoch.


@pytest.mark.slow
def test_a_run_may_have_the_same_name_as_its_data(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(run, "digits")
    options = ["--epochs", 3, *QUICK[2:], "--seed", 3, "--output", "digits"]
    result = call("train", "--dataset", "digits", *options)
    assert result.exit_code == 0, result.output
    asked = json.loads((tmp_path / "digits" / "run.json").read_text())["asked"]
    assert asked["dataset"] == "digits"
    assert (tmp_path / "mnist").mkdir() is None
    assert not datasets.is_directory("mnist")
    assert datasets.is_directory("./mnist")


@pytest.mark.slow
@pytest.mark.usefixtures("_drawn_here")
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


@pytest.mark.slow
def test_a_run_whose_pictures_moved_can_be_extended(pictures, tmp_path):
    options = ["--image-size", 8, "--batch-size", 8, "--output", tmp_path / "run"]
    assert call("train", "--dataset", pictures, "--epochs", 1, *options).exit_code == 0
    shutil.move(pictures, tmp_path / "moved")
    result = call("train", "--dataset", tmp_path / "moved", "--epochs", 2, *options)
    assert result.exit_code == 0, result.output
    (tmp_path / "moved" / "odd" / "1.png").unlink()
    shutil.move(tmp_path / "moved", tmp_path / "again")
    before = (tmp_path / "run" / "run.json").read_bytes()
    result = call("train", "--dataset", tmp_path / "again", "--epochs", 3, *options)
    assert result.exit_code == 1
    assert "24 then, now 23. Nothing was touched. Put back" in said(result)
    assert (tmp_path / "run" / "run.json").read_bytes() == before


def test_what_fit_would_refuse_is_refused_before_anything_is_written(pictures, tmp_path):
    arguments = ["--dataset", pictures, *LITTLE, "--output", tmp_path / "run"]
    for setting, message in (
        ("discriminator_steps=5", "`discriminator_steps` must divide the batch size"),
        ("packing=5", "must be a multiple of `packing`, 5"),
    ):
        result = call("train", *arguments, "--batch-size", 8, "--set", setting)
        assert result.exit_code == 1
        assert message in said(result)
    assert not (tmp_path / "run").exists()


def test_fewer_pictures_than_the_chosen_batch_are_told_apart_from_an_option(pictures, tmp_path):
    run = runs.Run(tmp_path / "run")
    asked = {"recipe": "pictures", "dataset": str(pictures), "conditional": False, "seed": 0}
    asked["settings"] = {"width": 2, "latent_dim": 4}
    run.begin(asked, chosen={"batch_size": 25, "image_size": 8, "steps": 2000})
    result = call("train", "--dataset", pictures, *LITTLE[2:], "--output", run.folder)
    assert result.exit_code == 1
    assert "has batches of 25, and" in said(result)
    assert "now has only 24 pictures to train on" in said(result)


def test_a_folder_with_other_files_is_not_touched(tmp_path):
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
    assert {"run.json": "kgan generate", "gan.keras": "draws from it", "backup": "start over"}[
        name
    ] in words


@pytest.mark.parametrize("epochs", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_training_that_diverges_says_so_and_leaves_no_model(tmp_path, monkeypatch, epochs):
    diverging = dataclasses.replace(recipes.DIGITS, learning_rate=1e30)
    monkeypatch.setitem(recipes.ALL, "digits", diverging)
    result = call("train", *QUICK, "--epochs", epochs, "--output", tmp_path / "run")
    assert result.exit_code == 1
    assert "has diverged" in said(result)
    assert "--set learning_rate" in said(result)
    assert not (tmp_path / "run" / "gan.keras").exists()
    again = call("train", *QUICK, "--epochs", epochs, "--output", tmp_path / "run")
    assert again.exit_code == 1
    assert "The same command would diverge again" in said(again)
    result = call("generate", tmp_path / "run")
    assert "diverged before its first backup" in said(result)


@pytest.mark.slow
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


LITTLE = ["--image-size", 8, "--set", "width=2", "--set", "latent_dim=4"]


def test_own_pictures_are_trained_by_steps_with_choices_that_the_run_keeps(pictures, tmp_path):
    arguments = ["--dataset", pictures, *LITTLE, "--output", tmp_path / "run"]
    result = call("train", *arguments, "--steps", 100)
    assert result.exit_code == 0, result.output
    words = said(result)
    for part in (
        "training 100 steps of 24 samples",
        "time about ",
        "chosen batch_size 24: 24 pictures augmentation diff_augment: ",
        "This training is short: 100 steps, where 2,000 are usual",
        "step 100/100",
        "This training was short",
    ):
        assert part in words
    described = json.loads((tmp_path / "run" / "run.json").read_text())
    assert described["asked"]["steps"] == described["trained_steps"] == 100
    assert described["asked"]["settings"] == {"width": 2, "latent_dim": 4}
    assert described["chosen"].keys() == {"batch_size", "augmentation", "precision"}
    assert [path.name for path in (tmp_path / "run" / "samples").glob("*.png")] == [
        "step_000100.png"
    ]
    assert "has ended already" in said(call("train", *arguments, "--steps", 100))
    result = call("train", *arguments, "--steps", 100, "--set", "beta_1=0")
    assert "--set beta_1: not given there, 0.0 now Nothing was touched" in said(result)


@pytest.mark.slow
def test_more_steps_extend_a_run_as_if_requested_at_once(pictures, tmp_path):
    # Else a measurement decides, in each run by itself.
    precision = ["--precision", "float32"]
    arguments = ["--dataset", pictures, *LITTLE, "--conditional", *precision]
    for name, lengths in (("twice", (100, 200)), ("once", (200,))):
        for steps in lengths:
            result = call("train", *arguments, "--steps", steps, "--output", tmp_path / name)
            assert result.exit_code == 0, result.output
            resumed = (name, steps) == ("twice", 200)
            assert ("for the 100 steps that are left" in said(result)) == resumed
    (twice, _), (once, _) = runs.find(tmp_path / "twice"), runs.find(tmp_path / "once")
    assert players.same(players.digest(twice), players.digest(once))
    result = call("train", *arguments, "--steps", 100, "--output", tmp_path / "once")
    assert "trained for longer already (steps: 200 there, 100 now)" in said(result)


@pytest.mark.slow
def test_of_300_pictures_a_tenth_is_held_out_for_best_and_evaluate(tmp_path):
    random = np.random.default_rng(0)
    (tmp_path / "many").mkdir()
    for i in range(300):
        image = PIL.Image.fromarray(random.integers(0, 256, (8, 8, 3), "uint8"))
        image.save(tmp_path / "many" / f"{i}.png")
    arguments = ["--dataset", tmp_path / "many", *LITTLE, "--steps", 100]
    result = call("train", *arguments, "--best", "--output", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "270 samples of 8×8×3" in said(result)
    assert "held out 30 other samples" in said(result)
    result = evaluated(tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "held-out data" in said(result)
    assert "memorization_ratio" in said(result)
    assert "30 samples, once" in said(result)
    assert "rough numbers" in said(result)


def test_a_size_is_chosen_for_pictures_and_a_batch_beyond_them_is_refused(pictures, tmp_path):
    result = call("train", "--dataset", pictures, "--batch-size", 64, "--output", tmp_path / "run")
    assert result.exit_code == 1
    assert "`--batch-size` must be at most the number of samples" in said(result)
    assert not (tmp_path / "run").exists()


def test_best_needs_held_out_data(pictures, tmp_path):
    arguments = ["--dataset", pictures, "--image-size", 8, "--batch-size", 8]
    result = call("train", *arguments, "--best", "--output", tmp_path / "run")
    assert result.exit_code == 1
    assert "--best needs data that nobody trains on" in said(result)
    assert not (tmp_path / "run").exists()
