"""The networks that come with kgan."""

import importlib.resources
import random

import keras
import numpy as np
import players
import pytest
from players import images

import kgan
from kgan import features
from kgan.features import networks

BARS = {"mnist": 0.993, "fashion_mnist": 0.92}


def accuracy(name, dataset):
    probabilities = features.get(name).answers(dataset.samples)["probabilities"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    return np.mean(probabilities.argmax(axis=1) == dataset.labels)


def test_the_embedded_classifier_recognizes_digits_of_other_writers():
    assert accuracy("digits", kgan.datasets.digits("test", with_labels=True)) >= 0.97


@pytest.mark.parametrize("name", BARS)
@pytest.mark.parametrize("split", ["test[:1000]", pytest.param("test", marks=pytest.mark.slow)])
def test_the_embedded_classifiers_are_as_accurate_as_documented(name, split):
    folder = players.prepared_data(name)
    if folder is None:
        pytest.skip(f"{name} is not prepared in TFDS_DATA_DIR.")
    dataset = kgan.datasets.from_tfds(name, split, with_labels=True, data_dir=folder)
    slack = 0.0 if split == "test" else 0.02
    assert accuracy(name, dataset) >= BARS[name] - slack


def test_the_embedded_weights_are_small():
    folder = importlib.resources.files("kgan") / "data"
    sizes = [(folder / networks.file_name(name)).stat().st_size for name in networks.WIDTHS]
    assert sum(sizes) < 3e6


def test_the_embedded_networks_compute_in_float32_whatever_policy_is_set():
    expected = features.get("digits").features(images(rows=4))
    keras.config.set_dtype_policy("mixed_bfloat16")
    found = networks.load("digits")(images(rows=4), training=False)["features"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert keras.config.dtype_policy().name == "mixed_bfloat16"


def test_loading_features_draws_no_random_number():
    keras.utils.set_random_seed(5)
    expected = random.random(), np.random.uniform()
    keras.utils.set_random_seed(5)
    networks.load("digits")
    assert (random.random(), np.random.uniform()) == expected
