"""`kgan generate`."""

import shutil

import numpy as np
import PIL.Image
import players
import pytest
from commands import call, said

from kgan import images, plots, runs
from kgan.cli import drawing


def test_generate_uses_the_last_backup_of_an_unfinished_run(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "gan.keras").unlink()
    result = call("generate", copy, "--output", tmp_path / "samples.png")
    assert result.exit_code == 0
    assert "has not ended: using its last backup" in said(result)
    runs.Run(copy).add_divergence()
    result = call("generate", copy, "--output", tmp_path / "more.png")
    assert result.exit_code == 0
    assert "has diverged: using its last backup" in said(result)


def test_classes_whose_names_are_numbers_are_selected_by_name():
    assert drawing._classes("7, 3", ("3", "7")) == [1, 0]
    with pytest.raises(runs.RunError, match=r"must be names: 3, 7\. Received: 0\."):
        drawing._classes("0", ("3", "7"))
    assert drawing._classes("1,cat", ("cat", "dog")) == [1, 0]
    assert drawing._classes("a,b", ("a,b", "dog")) == [0]
    with pytest.raises(runs.RunError, match=r"names: 'a,b', dog\. Received: cat"):
        drawing._classes("cat", ("a,b", "dog"))
    assert drawing._name(1, ("Coat", "T - shirt / top")) == "T - shirt - top"


@pytest.mark.parametrize("name", ["..", ".", "../..", "/tmp/x", "a\\b", "", "... "])
def test_the_name_of_a_class_never_leads_out_of_the_folder(tmp_path, name):
    folder = drawing._name(0, (name,))
    assert (tmp_path / folder).resolve().parent == tmp_path.resolve()


def test_generate_writes_a_grid(run, tmp_path):
    result = call("generate", run, "--num-samples", 9, "--output", tmp_path / "grid.PNG")
    assert result.exit_code == 0
    with PIL.Image.open(tmp_path / "grid.PNG") as picture:
        assert picture.size == (26 * 20, 26 * 20)


def test_generate_replaces_a_file_only_where_asked_to(run, tmp_path):
    path = tmp_path / "grid.png"
    path.write_bytes(b"mine")
    assert call("generate", run, "--output", path).exit_code == 1
    assert path.read_bytes() == b"mine"
    assert call("generate", run, "--output", path, "--overwrite").exit_code == 0
    with PIL.Image.open(path) as picture:
        picture.verify()


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


def test_paths_may_start_with_a_tilde(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copytree(run, tmp_path / "run")
    assert call("generate", "~/run", "--output", "~/drawn/a.png").exit_code == 0
    assert (tmp_path / "drawn" / "a.png").exists()


def test_errors_go_to_stderr(tmp_path):
    result = call("generate", tmp_path / "nowhere")
    assert "is not a trained run" in result.stderr
    assert result.stdout == ""


def test_generate_takes_a_file_and_labels(tmp_path):
    gan = players.gan(4)
    gan.save(tmp_path / "gan.keras")
    output = tmp_path / "samples.npy"
    options = ["--labels", "3,1", "--num-samples", 4, "--seed", 0, "--output", output]
    assert call("generate", tmp_path / "gan.keras", *options).exit_code == 0
    expected = (gan.generate(4, [3, 1, 3, 1], seed=0) + 1) * 127.5
    np.testing.assert_allclose(np.load(output), expected, atol=0.51)


def test_generate_truncates(run, tmp_path):
    pairs = [("wide", []), ("narrow", ["--truncation", 0.1])]
    for name, arguments in pairs:
        arguments = ["--seed", 0, *arguments, "--output", tmp_path / f"{name}.npy"]
        assert call("generate", run, *arguments).exit_code == 0
    wide, narrow = (np.load(tmp_path / f"{name}.npy").astype("float") for name, _ in pairs)
    assert narrow.std(axis=0).mean() < 0.5 * wide.std(axis=0).mean()
    result = call("generate", run, "--truncation", -1, "--output", tmp_path / "x.npy")
    assert "`--truncation` must be a positive number" in said(result)


def test_samples_with_opacity_are_written_as_they_are(tmp_path):
    samples = np.random.default_rng(0).uniform(-1, 1, (3, 8, 6, 4)).astype("float32")
    options = {"names": (), "columns": None}
    for name in ("folder", "a.npy", "a.png"):
        drawing._write(tmp_path / name, samples, None, **options)
    pixels = images.to_uint8(samples)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), pixels)
    for i in range(3):
        picture = images.load(tmp_path / "folder" / f"{i:05d}.png")
        assert picture.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(picture), pixels[i])
    assert (tmp_path / "a.png").read_bytes() == plots.picture(samples)


@pytest.mark.parametrize("shape", [(3, 4, 8, 8, 1), (3, 10, 2)])
def test_volumes_and_sequences_are_written_as_a_picture_or_as_floats(tmp_path, shape):
    samples = np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")
    for name in ("a.npy", "a.png"):
        drawing._write(tmp_path / name, samples, None, names=(), columns=3)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), samples)
    assert (tmp_path / "a.png").read_bytes() == plots.picture(samples, columns=3)
    with pytest.raises(runs.RunError, match=r"A folder is for images.*choose .*a\.npy"):
        drawing._write(tmp_path / "a", samples, None, names=(), columns=3)
