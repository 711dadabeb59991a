"""What watches a training of `kgan train`, and ends it."""

import json
import types

import numpy as np
import pytest
from commands import call, said

import kgan
from kgan import datasets, recipes, runs
from kgan.callbacks import EquilibriumStopping
from kgan.cli import watching

QUICK = ["train", "--epochs", 3, "--batch-size", 300, "--no-doctor"]


def test_a_training_is_watched_by_a_doctor_with_the_test_split_unless_asked_for_more():
    dataset = recipes.DIGITS.load()
    found, measures = watching.watching(recipes.DIGITS, dataset, None, {})
    samples, labels = found.pop("doctor").held_out
    assert len(samples) == 360
    assert labels is None
    assert (found, measures) == ({}, [])
    assert watching.watching(recipes.DIGITS, dataset, None, {}, doctor=False) == ({}, [])


def test_asked_to_it_finds_the_best_epoch_and_the_end():
    dataset = recipes.DIGITS.load()
    others = {"best": True, "stop": True}
    found, measures = watching.watching(recipes.DIGITS, dataset, None, others, num_replicas=3)
    assert found["held_out"].batch_size == 99
    assert found["monitor"] == f"val_{measures[0].name}" == "val_frechet_distance_digits"
    assert found["stopping"].features.name == "digits"
    assert len(found["stopping"].held_out) == 360


def test_without_held_out_data_the_end_is_told_by_training_data_alone(capsys):
    dataset = recipes.DIGITS.load()
    little = datasets.digits("test").subset(np.arange(99), batch_size=1)
    found, _ = watching.watching(recipes.DIGITS, dataset, little, {"stop": True})
    assert found["stopping"].held_out is None
    said_so = capsys.readouterr().out
    assert "There are no 100 held-out samples" in said_so
    assert "copies go unnoticed" in " ".join(said_so.split())


def test_little_held_out_data_or_secret_labels_are_no_help():
    def of(number, labels):
        images = np.random.default_rng(0).integers(0, 256, (number, 8, 8, 1), "uint8")
        return datasets.from_arrays(images, labels, batch_size=1)

    assert watching.some(None, 10) is None
    assert watching.some(of(99, None), 10) is None
    # As TensorFlow Datasets has the labels of a competition's test split.
    secret = types.SimpleNamespace(samples=np.zeros((10, 2)), labels=np.full(10, -1))
    whole = types.SimpleNamespace(num_samples=100, subset=lambda rows, batch_size: secret)
    assert watching.some(whole, 10) is None
    samples, labels = watching.some(of(100, np.arange(100) % 3), 10)
    assert len(samples) == len(labels) == 10


@pytest.mark.slow
def test_training_ends_when_nothing_is_left_to_gain_and_goes_on_without_the_option(
    tmp_path, monkeypatch
):
    def second(self):
        return "no_progress" if len(self.exams) == 2 else None

    monkeypatch.setattr(EquilibriumStopping, "_reason_to_stop", second)
    folder = tmp_path / "run"
    result = call(*QUICK, "--stop", "--output", folder)
    assert result.exit_code == 0, result.output
    assert "No progress in 10 exams" in said(result)
    run = runs.Run(folder)
    description = json.loads(run.description.read_text())
    assert (run.reason, description["trained_epochs"]) == ("no_progress", 2)
    assert not run.is_being_prolonged()
    gan, model = runs.find(folder)
    assert (model, int(gan.step.numpy())) == (run.model, 2 * 4)

    for length in (3, 4):
        again = call("train", "--epochs", length, *QUICK[3:], "--stop", "--output", folder)
        assert "--stop ended it: no progress; without --stop it trains on" in said(again)

    result = call(*QUICK, "--output", folder)
    assert result.exit_code == 0, result.output
    assert "Resuming" in said(result)
    assert run.reason is None
    assert int(runs.find(folder)[0].step.numpy()) == 3 * 4


def test_too_few_samples_to_judge_by_are_refused_before_anything_is_written(pictures, tmp_path):
    result = call("train", "--dataset", pictures, "--stop", "--output", tmp_path / "run")
    assert result.exit_code == 1
    assert "--stop needs at least 40 training samples" in said(result)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_training_that_was_stopped_and_killed_before_it_had_ended_knows_why(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(EquilibriumStopping, "_reason_to_stop", lambda self: "equilibrium")
    folder = tmp_path / "run"
    with monkeypatch.context() as killed:
        killed.setattr(runs.Run, "end", lambda *_: (_ for _ in ()).throw(OSError("killed")))
        assert call(*QUICK, "--stop", "--output", folder).exit_code == 1
    assert not (folder / "gan.keras").exists()
    result = call(*QUICK, "--stop", "--output", folder)
    assert result.exit_code == 0, result.output
    assert runs.Run(folder).reason == "equilibrium"
    assert isinstance(runs.find(folder)[0], kgan.GAN)
