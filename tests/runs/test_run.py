"""What the folder of a run holds."""

import json
import os

import players
import pytest
from run_folders import ASKED, contents, ended, start

from kgan import runs
from kgan.datasets.dataset import STEPS_PER_EPOCH


def test_a_new_run_says_what_was_asked_and_with_which_versions(tmp_path):
    run = start(tmp_path / "deep" / "run")
    description = json.loads(run.description.read_text())
    assert description["asked"] == run.asked == ASKED
    assert set(description["versions"]) == {"python", "tensorflow", "keras", "kgan"}
    assert [path.name for path in run.folder.iterdir()] == ["run.json"]
    assert not run.has_ended(ASKED)


def test_a_run_remembers_the_names_of_its_classes(tmp_path):
    run = start(tmp_path / "run")
    assert run.class_names == ()
    run = runs.at(tmp_path / "pets", ASKED)
    run.begin(ASKED, ("cat", "dog"))
    assert run.class_names == ("cat", "dog")


def test_a_run_has_ended_once_it_has_trained_the_epochs_asked_for(tmp_path):
    run, _ = ended(tmp_path)
    longer = ASKED | {"epochs": 3}
    assert run.has_ended(ASKED)
    assert not runs.at(tmp_path, longer).has_ended(longer)
    run.begin(longer)
    assert not run.has_ended(longer)
    assert run.asked == longer
    assert json.loads(run.description.read_text())["trained_epochs"] == 2


def test_a_stopped_run_has_ended_if_stop_is_asked_for(tmp_path):
    longer = ASKED | {"epochs": 9, "stop": True}
    run = runs.at(tmp_path, longer)
    run.begin(longer)
    assert not run.has_ended(longer)
    run.end(players.gan(), longer, 2, "equilibrium")
    assert run.reason == "equilibrium"
    assert run.has_ended(longer)
    assert run.has_ended(longer | {"epochs": 20})
    assert not run.is_being_prolonged()
    assert not run.has_ended(ASKED | {"epochs": 9})
    assert run.has_ended(ASKED)
    assert json.loads(run.description.read_text())["trained_epochs"] == 2
    run.begin(longer)  # It is trained on.
    assert not run.has_ended(longer)


def test_a_run_that_was_stopped_knows_after_how_many_steps(tmp_path):
    asked = {"recipe": "pictures", "steps": 900, "stop": True}
    run = runs.at(tmp_path, asked)
    run.begin(asked)
    run.end(players.gan(), asked, 3, "no_progress")
    assert json.loads(run.description.read_text())["trained_steps"] == 3 * STEPS_PER_EPOCH
    assert run.has_ended(asked)
    assert not run.has_ended(asked | {"stop": False})


def test_a_run_begun_with_other_versions_names_them(tmp_path):
    run = start(tmp_path)
    description = json.loads(run.description.read_text())
    description["versions"]["keras"] = "3.0.0"
    run.description.write_text(json.dumps(description))
    with pytest.warns(UserWarning, match=r"begun with .*'keras': '3\.0\.0'"):
        run.begin(ASKED)


@pytest.mark.parametrize("text", ["", '{"asked": {"rec', "[]", '{"asked": 3}', '{"versions": {}}'])
def test_a_damaged_description_is_named_and_nothing_is_touched(tmp_path, text):
    run, _ = ended(tmp_path)
    run.description.write_text(text)
    before = contents(tmp_path)
    with pytest.raises(runs.RunError, match=r"run\.json is damaged.*kgan generate"):
        runs.at(tmp_path, ASKED)
    assert contents(tmp_path) == before
    runs.find(tmp_path)


def test_a_run_knows_which_exports_its_current_gan_has(tmp_path):
    run, gan = ended(tmp_path)
    assert run.exported == []
    run.add_exports(["litert"])
    run.add_exports(["onnx"])
    assert run.exported == ["litert", "onnx"]
    run.end(gan)
    assert run.exported == []


def test_exports_of_an_earlier_gan_are_named(tmp_path):
    run, _ = ended(tmp_path)
    (tmp_path / "generator" / "1").mkdir(parents=True)
    for name in ("generator.tflite", "generator.tflite.json", "generator_2.onnx"):
        (tmp_path / name).touch()
    assert run.older_exports() == []
    later = run.model.stat().st_mtime + 60
    os.utime(run.model, (later, later))
    assert run.older_exports() == ["generator.tflite", "generator/1", "generator_2.onnx"]
    os.utime(tmp_path / "generator_2.onnx", (later, later))
    assert run.older_exports() == ["generator.tflite", "generator/1"]
