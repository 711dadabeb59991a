import numpy as np
import PIL.Image
import players
import pytest

from kgan import datasets, runs
from kgan.cli import data_of_runs


@pytest.mark.parametrize("num_held_out", [0, 30])
def test_what_was_held_out_of_a_folder_is_unknown_once_it_has_changed(
    tmp_path, capsys, num_held_out
):
    folder, random = tmp_path / "pictures", np.random.default_rng(0)
    folder.mkdir()
    for i in range(300):
        image = random.integers(0, 256, (8, 8), "uint8")
        PIL.Image.fromarray(image).save(folder / f"{i:03}.png")
    whole = datasets.from_directory(folder, 8, batch_size=1)
    training = datasets.hold_out(whole)[0] if num_held_out else whole
    run, gan = runs.Run(tmp_path / "run"), players.linear()
    known = {"num_held_out": num_held_out, "trained_on": training.identity}
    run.begin({"recipe": "pictures", "dataset": str(folder)}, **known)
    found, held_out = data_of_runs.load_all(run, gan, str(folder))
    assert found.num_samples == 300 - num_held_out
    assert (held_out.num_samples if held_out else 0) == num_held_out
    assert "are not the" not in capsys.readouterr().out
    (folder / "150.png").rename(folder / "about.png")
    found, held_out = data_of_runs.load_all(run, gan, str(folder))
    assert (found.num_samples, held_out) == (300, None)
    known = f"are not the {300 - num_held_out} that this run was trained on"
    assert known in capsys.readouterr().out
    moved = folder.rename(tmp_path / "moved")
    found, held_out = data_of_runs.load_all(run, gan, str(moved))
    assert (found.num_samples, held_out) == (300, None)
    assert known in capsys.readouterr().out


def test_data_of_another_name_is_no_training_data_and_that_is_said(tmp_path, capsys):
    run, gan = runs.Run(tmp_path / "run"), players.linear()
    run.begin({"recipe": "digits", "dataset": "digits"})
    data_of_runs.load_all(run, gan, "digits")
    assert capsys.readouterr().out == ""
    run.begin({"recipe": "mnist", "dataset": "mnist"})
    data_of_runs.load_all(run, gan, "digits")
    assert "was trained on mnist, not on digits" in capsys.readouterr().out


def test_an_export_does_not_read_data_that_no_features_suit():
    def load():
        raise AssertionError("It was read.")

    assert data_of_runs.reference("pictures", (64, 64, 3), load) == {}
    few = datasets.from_arrays(np.zeros((100, 8, 8, 1), bool))
    known = data_of_runs.reference("pictures", (8, 8, 1), lambda: few)
    assert known["features"] == "raw"
    assert known["reference_images"].shape == (100, 8, 8, 1)
    assert data_of_runs.reference("pictures", (12, 12, 1), lambda: few) == {}
