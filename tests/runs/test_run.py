"""What the folder of a run holds."""

import json
import os

import players
import pytest
from run_folders import ASKED, contents, ended, start

from kgan import files, runs
from kgan.resumption import backups


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


def test_looking_at_a_run_writes_nothing(tmp_path):
    runs.at(tmp_path / "run", ASKED)
    assert not list(tmp_path.iterdir())


def test_the_same_request_again_is_the_same_run(tmp_path):
    first = start(tmp_path)
    before = first.description.read_bytes()
    assert runs.at(tmp_path, ASKED) == first
    first.begin(ASKED)
    assert first.description.read_bytes() == before


def test_a_run_that_was_killed_before_it_began_starts_over(tmp_path):
    (tmp_path / f"{files.PARTIAL}.run.json").write_text("{")
    with files.held(tmp_path):
        assert runs.at(tmp_path, ASKED).asked is None


@pytest.mark.parametrize("asked", [{"recipe": "mnist"}, {"recipe": 1, "epochs": 3}])
def test_a_different_request_for_a_run_is_refused_and_named(tmp_path, asked):
    start(tmp_path)
    name, value = next(iter(asked.items()))
    with pytest.raises(runs.RunError, match=rf"{name}: {ASKED[name]!r} there, {value!r} now"):
        runs.at(tmp_path, ASKED | asked)


@pytest.mark.parametrize(
    ("epochs", "allowed"), [(1, False), (2, True), (3, True), (4, True), (9, True)]
)
def test_a_run_can_end_with_fewer_epochs_than_asked_but_not_than_trained(tmp_path, epochs, allowed):
    run = runs.at(tmp_path, ASKED | {"epochs": 4})
    run.begin(ASKED | {"epochs": 4})
    backups.save(run.backup, players.linear(), backups.Position(2, 1))
    if allowed:
        assert runs.at(tmp_path, ASKED | {"epochs": epochs}) == run
    else:
        with pytest.raises(
            runs.RunError, match="trained for longer already .epochs: 4 there, 1 now"
        ):
            runs.at(tmp_path, ASKED | {"epochs": epochs})


def test_a_run_has_ended_once_it_has_trained_the_epochs_asked_for(tmp_path):
    run, _ = ended(tmp_path)
    longer = ASKED | {"epochs": 3}
    assert run.has_ended(ASKED)
    assert not runs.at(tmp_path, longer).has_ended(longer)
    run.begin(longer)
    assert not run.has_ended(longer)
    assert run.asked == longer
    assert json.loads(run.description.read_text())["trained_epochs"] == 2


def test_a_finished_run_without_a_backup_cannot_be_extended(tmp_path):
    ended(tmp_path, backup=False)
    before = contents(tmp_path)
    with pytest.raises(runs.RunError, match="its backup, from which it could resume, is not there"):
        runs.at(tmp_path, ASKED | {"epochs": 3})
    assert contents(tmp_path) == before


def test_a_run_begun_with_other_versions_names_them(tmp_path):
    run = start(tmp_path)
    description = json.loads(run.description.read_text())
    description["versions"]["keras"] = "3.0.0"
    run.description.write_text(json.dumps(description))
    with pytest.warns(UserWarning, match=r"begun with .*'keras': '3\.0\.0'"):
        run.begin(ASKED)


def test_a_folder_with_other_files_is_refused_and_not_touched(tmp_path):
    (tmp_path / "thesis.tex").write_text("chapter one")
    with pytest.raises(runs.RunError, match="holds something else"):
        runs.at(tmp_path, ASKED)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(runs.RunError, match="is a file"):
        runs.at(tmp_path / "thesis.tex", ASKED)


@pytest.mark.parametrize("text", ["", '{"asked": {"rec', "[]", '{"asked": 3}', '{"versions": {}}'])
def test_a_damaged_description_is_named_and_nothing_is_touched(tmp_path, text):
    run, _ = ended(tmp_path)
    run.description.write_text(text)
    before = contents(tmp_path)
    with pytest.raises(runs.RunError, match=r"run\.json is damaged.*kgan generate"):
        runs.at(tmp_path, ASKED)
    assert contents(tmp_path) == before
    runs.find(tmp_path)


def test_a_run_whose_pictures_moved_is_the_same_run(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    asked, moved = ({**ASKED, "dataset": str(tmp_path / name)} for name in ("pictures", "moved"))
    runs.at(tmp_path / "run", asked).begin(asked)
    with pytest.raises(runs.RunError, match="dataset: .*pictures' there, .*moved' now"):
        runs.at(tmp_path / "run", moved)
    pictures.rename(tmp_path / "moved")
    run = runs.at(tmp_path / "run", moved)
    run.begin(moved)
    assert run.asked == moved


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
