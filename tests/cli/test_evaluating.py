"""`kgan evaluate`."""

import json
import shutil

import PIL.Image
import pytest
from commands import call, contents, evaluated, said


@pytest.mark.slow
def test_evaluate_says_what_it_measured_and_writes_it_down(run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    result = evaluated(folder, "--measures", "frechet_distance,class_coverage")
    assert result.exit_code == 0, result.output
    text = said(result)
    assert "frechet_distance_digits" in text
    assert "times the (squared) distance of other real data." in text
    assert "100 samples, once, compared with 100 training" in text
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
        (["--measures", "fid"], "`--measures` must be one of"),
        (["--measures", "label_accuracy"], "do not all fit this data"),
        (["--measures", "utility"], "utility needs a conditional GAN"),
        (["--samples", "7"], "`--num-samples` must be at least 20"),
        (["--features", "mnist"], "are of samples of 28×28×1"),
        (["--dataset", "nothing"], "cannot be read: `--dataset` must be a folder"),
        (["--dataset", "ring"], "was built for samples of shape (8, 8, 1)"),
    ],
)
def test_impossible_evaluations_are_refused_and_nothing_is_written(run, arguments, message):
    before = contents(run)
    result = evaluated(run, *arguments)
    assert result.exit_code == 1
    assert message in said(result)
    assert contents(run) == before


def test_evaluate_asks_for_the_data_of_a_bare_gan_file(run, tmp_path):
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


@pytest.mark.slow
def test_a_run_whose_pictures_are_missing_says_how_to_pass_them(pictures, tmp_path):
    folder = tmp_path / "run"
    arguments = ["--dataset", pictures, "--image-size", 8, "--epochs", 1, "--batch-size", 8]
    assert call("train", *arguments, "--output", folder).exit_code == 0
    shutil.move(pictures, tmp_path / "moved")
    result = evaluated(folder)
    assert result.exit_code == 1
    assert "cannot be read" in said(result)
    assert "say where: --dataset FOLDER" in said(result)
    result = evaluated(folder, "--dataset", tmp_path / "moved")
    assert "40 training samples where none were" in said(result)
