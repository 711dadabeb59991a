import json

import players
import pytest

from kgan import runs

ASKED = {"recipe": "digits", "epochs": 2}


def start(folder):
    run = runs.at(folder, ASKED)
    run.begin(ASKED)
    return run


def test_a_new_run_says_what_was_asked_and_with_which_versions(tmp_path):
    run = start(tmp_path / "deep" / "run")
    description = json.loads(run.description.read_text())
    assert description["asked"] == ASKED
    assert set(description["versions"]) == {"python", "tensorflow", "keras", "kgan"}
    assert [path.name for path in run.folder.iterdir()] == ["run.json"]


def test_to_look_at_a_run_writes_nothing(tmp_path):
    runs.at(tmp_path / "run", ASKED)
    assert not list(tmp_path.iterdir())


def test_the_same_again_is_the_same_run(tmp_path):
    first = start(tmp_path)
    before = first.description.read_bytes()
    assert runs.at(tmp_path, ASKED) == first
    assert first.description.read_bytes() == before


def test_something_else_in_a_run_is_refused_and_named(tmp_path):
    start(tmp_path)
    with pytest.raises(runs.RunError, match="epochs: 2 there, 3 now"):
        runs.at(tmp_path, ASKED | {"epochs": 3})


def test_a_folder_of_something_else_is_refused_and_not_touched(tmp_path):
    (tmp_path / "thesis.tex").write_text("chapter one")
    with pytest.raises(runs.RunError, match="holds something else"):
        runs.at(tmp_path, ASKED)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(runs.RunError, match="holds something else"):
        runs.at(tmp_path / "thesis.tex", ASKED)


def test_a_saved_gan_is_found_by_its_folder_and_by_its_file(tmp_path):
    run = start(tmp_path)
    gan = players.gan()
    run.save(gan)
    for path in (tmp_path, run.model, str(run.model)):
        assert players.same(players.digest(runs.find(path)), players.digest(gan))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gan.keras", "run.json"]


@pytest.mark.parametrize(("name", "found"), [("empty", "no gan.keras in it"), ("no", "no such")])
def test_a_run_that_does_not_exist_is_refused_with_the_command_that_makes_one(
    tmp_path, name, found
):
    (tmp_path / "empty").mkdir()
    with pytest.raises(runs.RunError, match=rf"{found}.*\n?.*kgan train --output"):
        runs.find(tmp_path / name)
