"""`kgan diagnose`, and the doctor of `kgan train`."""

import csv
import json
import shutil

import PIL.Image
import pytest
from commands import call, contents, said

SICK = ["--epochs", 50, "--batch-size", 256, "--set", "discriminator_learning_rate=1e-7"]


@pytest.fixture(scope="module")
def sick(tmp_path_factory):
    """A run whose D hardly learns, and what was said of it."""
    folder = tmp_path_factory.mktemp("sick") / "run"
    result = call("train", *SICK, "--output", folder)
    assert result.exit_code == 0, result.output
    return folder, said(result)


def test_training_says_risks_and_symptoms(sick):
    folder, text = sick
    assert "Risk: With a learning rate of" in text
    assert "D may be too weak to teach it" in text
    with (folder / "log.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    names = [name.removeprefix("symptom_") for name in last if name.startswith("symptom_")]
    assert names
    assert all(f"{name.replace('_', ' ')} since step " in text for name in names)
    assert "See what ailed it: " in text


def test_what_ailed_a_run_is_said_afterwards_with_a_figure(sick):
    folder, _ = sick
    result = call("diagnose", folder)
    assert result.exit_code == 0, result.output
    text = said(result)
    assert "Healthy" not in text
    assert "from step" in text
    assert "Risk: With a learning rate of" in text
    with PIL.Image.open(folder / "diagnosis.png") as picture:
        assert picture.width > 1000


@pytest.mark.filterwarnings("default::UserWarning")
def test_a_damaged_backup_is_told_of(sick, tmp_path):
    folder = shutil.copytree(sick[0], tmp_path / "run")
    newest, previous = (folder / "backup" / f"{name}.keras" for name in ("newest", "previous"))
    shutil.copy(newest, previous)
    for backup, damage in (
        (newest, "was skipped"),
        (previous, "What a doctor may have read during the training is lost"),
    ):
        backup.write_bytes(backup.read_bytes()[:1000])
        text = said(call("diagnose", folder))
        assert damage in text
        assert ("from step" in text) == (backup == newest)


def test_a_run_without_a_doctor_is_judged_by_what_it_is_now(sick, tmp_path):
    folder = shutil.copytree(sick[0], tmp_path / "run")
    shutil.rmtree(folder / "backup")
    text = said(call("diagnose", folder))
    assert "Nothing that a doctor read during this training is there" in text
    assert "from step" not in text
    assert "mode collapse" in text or "discriminator too weak" in text


@pytest.mark.slow
def test_of_a_healthy_run_nothing_is_said(tmp_path):
    folder = tmp_path / "run"
    result = call("train", "--epochs", 60, "--output", folder)
    assert result.exit_code == 0, result.output
    assert "Risk" not in result.output
    assert "symptom_" not in (folder / "log.csv").read_text()
    assert "Healthy: no symptom was found" in said(call("diagnose", folder))


def test_a_run_that_nobody_watched_may_show_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setattr("kgan.diagnosis.find_symptoms", lambda readings: [])
    text = said(call("diagnose", shutil.copytree(run, tmp_path / "run")))
    assert "No symptom shows now" in text
    assert "Healthy" not in text


def test_of_few_readings_it_is_too_early_to_tell(sick, tmp_path, monkeypatch):
    monkeypatch.setattr("kgan.diagnosis.LEAST_READINGS", 1000)
    text = said(call("diagnose", shutil.copytree(sick[0], tmp_path / "run")))
    assert "It is too early to tell" in text


@pytest.mark.slow
def test_a_doctor_that_is_not_wanted_says_nothing(tmp_path):
    result = call("train", *SICK[2:], "--epochs", 1, "--no-doctor", "--output", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "Risk" not in said(result)


def test_what_is_no_run_is_refused(tmp_path, run):
    (tmp_path / "notes.txt").write_text("x")
    result = call("diagnose", tmp_path)
    assert result.exit_code == 1
    assert "is not a trained run" in said(result)
    copy = shutil.copytree(run, tmp_path / "run")
    description = json.loads((copy / "run.json").read_text())
    description["asked"]["dataset"] = "/gone"
    (copy / "run.json").write_text(json.dumps(description))
    before = contents(copy)
    result = call("diagnose", copy)
    assert result.exit_code == 1
    assert "The data of this run, '/gone', cannot be read" in said(result)
    assert "Nothing can be told" in said(result)
    assert contents(copy) == before
