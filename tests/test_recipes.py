import dataclasses

import keras
import numpy as np
import pytest
import quality

import kgan

SEEDS = [0, 3]


@pytest.mark.parametrize("name", kgan.recipes.ALL)
def test_every_recipe_plays(name):
    recipe = dataclasses.replace(kgan.recipes.get(name), epochs=1)
    dataset = recipe.load()
    gan = recipe.build(dataset)
    gan.fit(dataset, epochs=recipe.epochs, verbose=0)
    assert gan.step.numpy() == dataset.steps_per_epoch
    assert keras.config.dtype_policy().name == recipe.precision


def test_a_recipe_is_the_same_game_every_time():
    recipe = kgan.recipes.DIGITS
    dataset = recipe.load()
    weights = []
    for _ in range(2):
        gan = recipe.build(dataset)
        gan.fit(dataset, epochs=2, verbose=0)
        weights.append(np.concatenate([np.ravel(w) for w in gan.get_weights()]))
    np.testing.assert_array_equal(*weights)


@pytest.mark.parametrize("batch_size", [50, 64, 100, 1437])
def test_any_batch_size_of_a_recipe_plays(batch_size):
    recipe = dataclasses.replace(kgan.recipes.DIGITS, batch_size=batch_size)
    dataset = recipe.load()
    assert dataset.steps_per_epoch % recipe.build(dataset).steps_per_execution == 0


def test_an_unknown_recipe_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'digits'"):
        kgan.recipes.get("digit")


@pytest.fixture(scope="module")
def judge():
    """A classifier, real digits that it never saw, and the GANs that are judged."""
    classifier, images, labels = quality.digits_classifier()
    accuracy = np.mean(classifier.predict(images, verbose=0).argmax(axis=1) == labels)
    assert accuracy >= 0.95
    return classifier, images, labels


def test_real_digits_pass_the_quality_check(judge):
    classifier, images, _ = judge
    assert quality.measure(classifier, kgan.datasets.digits("train").samples, images).passes


@pytest.mark.parametrize("name", ["noise", "ten copied prototypes", "an untrained generator"])
def test_what_is_no_digits_fails_the_quality_check(judge, name):
    classifier, images, labels = judge
    if name == "noise":
        samples = np.random.default_rng(0).uniform(-1, 1, (1000, 8, 8, 1)).astype("float32")
    elif name == "ten copied prototypes":
        samples = np.stack([images[labels == i % 10][0] for i in range(1000)])
    else:
        samples = kgan.recipes.DIGITS.build(kgan.datasets.digits()).generate(1000, seed=0)
    assert not quality.measure(classifier, samples, images).passes


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_digits_recipe_draws_digits(judge, seed):
    classifier, images, _ = judge
    recipe = dataclasses.replace(kgan.recipes.DIGITS, seed=seed)
    dataset = recipe.load()
    gan = recipe.build(dataset)
    gan.fit(dataset, epochs=recipe.epochs, verbose=0)
    result = quality.measure(classifier, gan.generate(1000, seed=5), images)
    assert result.passes, result
