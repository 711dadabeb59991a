"""Whether a folder is one that a run can be trained in."""

import players
import pytest
from run_folders import ASKED, contents, ended, start

from kgan import files, runs
from kgan.resumption import backups


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


def test_a_greater_length_is_not_among_what_differs(tmp_path):
    start(tmp_path)
    with pytest.raises(runs.RunError, match="other settings") as caught:
        runs.at(tmp_path, ASKED | {"recipe": "mnist", "epochs": ASKED["epochs"] + 1})
    assert "epochs:" not in str(caught.value)


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


def test_what_ends_a_run_may_change(tmp_path):
    run = start(tmp_path)
    stopping = ASKED | {"stop": True}
    assert runs.at(tmp_path, stopping) == run
    run.begin(stopping)
    assert runs.at(tmp_path, ASKED) == run
    run.end(players.gan(), stopping, 1, "no_progress")
    assert runs.at(tmp_path, stopping) == run
    with pytest.raises(runs.RunError, match="its backup, from which it could resume, is not there"):
        runs.at(tmp_path, ASKED)


def test_a_finished_run_without_a_backup_cannot_be_extended(tmp_path):
    ended(tmp_path, backup=False)
    before = contents(tmp_path)
    with pytest.raises(runs.RunError, match="its backup, from which it could resume, is not there"):
        runs.at(tmp_path, ASKED | {"epochs": 3})
    assert contents(tmp_path) == before


def test_a_folder_with_other_files_is_refused_and_not_touched(tmp_path):
    (tmp_path / "thesis.tex").write_text("chapter one")
    with pytest.raises(runs.RunError, match="holds something else"):
        runs.at(tmp_path, ASKED)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(runs.RunError, match="is a file"):
        runs.at(tmp_path / "thesis.tex", ASKED)


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
