import numpy as np
import PIL.Image
import pytest

import kgan
from kgan import recipes
from kgan.recipes import pictures


def dataset(number, labels=None):
    images = np.random.default_rng(0).integers(0, 256, (number, 8, 8, 3), dtype="uint8")
    return kgan.datasets.from_arrays(images, labels, batch_size=1)


def chosen(number):
    return {choice.name: choice.value for choice in choices(number)}


def choices(number, given=(), **fields):
    return pictures.choose(dataset(number), recipes.PICTURES.with_fields(fields), given)


def test_few_pictures_are_augmented_and_a_batch_is_no_larger_than_they_are():
    assert chosen(20)["batch_size"] == 20
    assert chosen(60)["batch_size"] == 32
    assert chosen(60)["augmentation"]
    assert "augmentation" not in chosen(pictures.MANY)


@pytest.mark.parametrize("number", [299, 300, pictures.MANY])
def test_some_pictures_get_a_growing_augmentation_a_lighter_penalty_and_no_momentum(number):
    recipe, _ = recipes.PICTURES.fitted(dataset(number))
    lighter = number == 300
    assert [one.weight for one in kgan.penalties.get_all(recipe.penalties)] == [
        0.1 if lighter else 1.0
    ]
    assert recipe.beta_1 == (0.0 if lighter else 0.5)
    assert recipe.decay_steps == (3000 if lighter else 1000)
    assert recipe.augmentation_steps == (pictures.STEPS_OF_GROWTH if lighter else None)


@pytest.mark.parametrize(("given", "grows"), [(None, False), ("diff_augment", True)])
def test_only_diff_augment_grows(given, grows):
    names = {one.name for one in choices(300, ["augmentation"], augmentation=given)}
    assert ("augmentation_steps" in names) == grows


@pytest.mark.parametrize(
    ("number", "steps"), [(20, 2000), (100, 4500), (1000, 10_000), (40_000, 12_500)]
)
def test_the_length_is_in_steps_and_grows_with_the_data(number, steps):
    assert chosen(number)["steps"] == steps


def test_every_choice_has_a_reason():
    assert all(choice.reason for choice in choices(60))


@pytest.mark.parametrize(
    ("number", "fields", "size"),
    [(60, {"packing": 3}, 30), (5, {"packing": 2}, 4), (60, {"discriminator_steps": 5}, 30)],
)
def test_the_batch_can_be_divided_as_the_game_divides_it(number, fields, size):
    assert {one.name: one.value for one in choices(number, **fields)}["batch_size"] == size


def test_a_given_batch_size_counts_for_the_length():
    few = choices(40_000, ["batch_size"], batch_size=4)
    assert {one.name: one.value for one in few}["steps"] == 100_000


def test_a_batch_that_cannot_be_divided_is_refused():
    with pytest.raises(ValueError, match="number of pictures.*packing=3, discriminator_steps=2"):
        choices(5, packing=3, discriminator_steps=2)


def test_one_picture_is_refused():
    one = kgan.datasets.from_arrays(np.full((1, 8, 8, 3), 7, "uint8"), batch_size=1)
    with pytest.raises(ValueError, match="must have pictures that differ.*one picture"):
        pictures.choose(one, recipes.PICTURES)


def test_pictures_that_are_all_the_same_are_refused():
    same = kgan.datasets.from_arrays(np.full((9, 8, 8, 3), 7, "uint8"), batch_size=1)
    with pytest.raises(ValueError, match="pictures that differ.*9 times the same"):
        pictures.choose(same, recipes.PICTURES)


def test_what_is_given_is_not_chosen():
    recipe, choices = recipes.PICTURES.fitted(dataset(60), ["steps", "augmentation"])
    assert recipe.steps == recipes.PICTURES.steps
    assert recipe.augmentation is None
    assert {choice.name for choice in choices}.isdisjoint({"steps", "augmentation"})


@pytest.mark.parametrize(("side", "size"), [(100, 32), (20, 16), (5, 8)])
def test_the_size_is_no_larger_than_the_pictures(tmp_path, side, size, monkeypatch):
    monkeypatch.setattr(pictures.tf.config, "list_physical_devices", lambda kind: [])
    PIL.Image.new("RGB", (side, side + 3)).save(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("no picture")
    choice = pictures.choose_image_size(tmp_path)
    assert (choice.name, choice.value) == ("image_size", size)


def test_the_size_is_that_of_the_pictures_which_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures.tf.config, "list_physical_devices", lambda kind: [])
    for folder, number, side in ((".thumbs", 9, 8), ("a", 100, 16), ("b", 300, 40)):
        (tmp_path / folder).mkdir()
        for i in range(number):
            PIL.Image.new("L", (side, side)).save(tmp_path / folder / f"{i}.png")
    assert pictures.choose_image_size(tmp_path).value == 32
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "thumbs").symlink_to(tmp_path / "a")
    assert pictures.choose_image_size(tmp_path / "linked").value == 16
