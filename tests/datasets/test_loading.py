"""Data sets by one word."""

import PIL.Image
import pytest
from streams import NUM_MODES, RED, colored_folders

from kgan import datasets


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"seed": -1}, {"image_size": 0}])
def test_wrong_arguments_are_refused_before_data_is_read(tmp_path, monkeypatch, wrong):
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "a.png")
    monkeypatch.setattr("PIL.Image.open", None)
    monkeypatch.setattr("tensorflow_datasets.builder", None)
    (name,) = wrong
    for read, given in ((datasets.from_directory, tmp_path), (datasets.from_tfds, "mnist")):
        with pytest.raises(ValueError, match=f"`{name}` must be an integer"):
            read(given, **{"image_size": 4} | wrong)


@pytest.mark.parametrize(
    ("name", "shape"), [("digits", (10, 8, 8, 1)), ("line", (10, 1)), ("ring", (10, 2))]
)
def test_load_knows_what_comes_with_kgan(name, shape):
    dataset = datasets.load(name, batch_size=10, with_labels=True, seed=5)
    assert dataset.element_spec[0].shape == shape
    assert dataset.seed == 5
    assert dataset.num_classes == {"digits": 10, **NUM_MODES}[name]


def test_load_reads_a_folder_of_pictures(tmp_path):
    colored_folders(tmp_path)
    for path in (tmp_path, str(tmp_path)):
        options = {"batch_size": 2, "image_size": [4, 6], "channels": 4, "with_labels": True}
        dataset = datasets.load(path, **options)
        assert dataset.class_names == ("asters", "ferns", "roses")
        assert dataset.element_spec[0].shape == (2, 4, 6, 4)


@pytest.mark.usefixtures("mocked")
def test_load_asks_tensorflow_datasets_for_other_names():
    dataset = datasets.load("cifar10", batch_size=2, image_size=8, with_labels=True)
    assert dataset.element_spec[0].shape == (2, 8, 8, 3)
    assert dataset.num_classes == 10


@pytest.mark.usefixtures("mocked")
def test_held_out_images_are_of_the_same_shape(monkeypatch):
    monkeypatch.setattr("kgan.datasets.loading.held_out_split", lambda name: "test")
    for read in (datasets.load, datasets.load_held_out):
        dataset = read("cifar10", batch_size=2, image_size=(8, 12))
        assert dataset.element_spec.shape == (2, 8, 12, 3)


@pytest.mark.usefixtures("mocked")
def test_load_knows_the_configurations_and_versions_of_data_sets():
    for name in ("cifar10_corrupted/contrast_1", "cifar10:3.*.*"):
        assert datasets.load(name, batch_size=2).element_spec.shape == (2, 32, 32, 3)
    with pytest.raises(ValueError, match="Did you mean 'cifar10'"):
        datasets.load("cifar01:3.0.2")


def test_load_of_a_folder_needs_an_image_size(tmp_path):
    with pytest.raises(ValueError, match="`image_size` is needed for a folder of pictures"):
        datasets.load(tmp_path)


@pytest.mark.parametrize(("name", "nearest"), [("digit", "digits"), ("minst", "mnist")])
def test_load_of_an_unknown_name_gives_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=rf"Did you mean '{nearest}'.* dataset='{name}'"):
        datasets.load(name)


def test_a_folder_that_is_misspelt_is_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flowers").mkdir()
    with pytest.raises(ValueError, match=f"no folder {tmp_path}/flowrs, or .*mean 'flowers'"):
        datasets.load("flowrs", image_size=4)


def test_a_folder_with_the_name_of_a_data_set_does_not_hide_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    (tmp_path / "digits").mkdir()
    assert not datasets.is_directory("mnist")
    assert datasets.is_directory("./mnist")
    assert datasets.load("digits").num_samples == 1437
    monkeypatch.setattr("kgan.datasets.loading.from_tfds", lambda name, **options: name)
    assert datasets.load("mnist", image_size=28) == "mnist"


def test_load_of_a_path_that_is_no_folder_is_an_error(tmp_path):
    (tmp_path / "file.png").touch()
    for path in (tmp_path / "missing", tmp_path / "file.png"):
        with pytest.raises(FileNotFoundError, match=f"There is no folder {path}"):
            datasets.load(path, image_size=4)


@pytest.mark.parametrize("name", ["digits", "ring"])
def test_load_refuses_an_image_size_for_data_of_one_size(name):
    with pytest.raises(ValueError, match="comes in one form"):
        datasets.load(name, image_size=64)


def test_of_thousands_of_names_only_the_nearest_is_suggested():
    with pytest.raises(ValueError, match="Did you mean 'mnist'") as error:
        datasets.load("mnst")
    assert len(str(error.value)) < 300


def test_held_out_data_is_no_training_data(tmp_path):
    for seed in (0, 1):
        train = datasets.load("ring", seed=seed).samples
        held_out = datasets.load_held_out("ring", seed=seed).samples
        assert not set(map(tuple, train)) & set(map(tuple, held_out))
    assert datasets.load_held_out("digits", with_labels=True).num_samples == 360
    assert datasets.load_held_out(tmp_path, image_size=8) is None
