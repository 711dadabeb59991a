"""What the networks see that come with kgan, and how one brings one's own."""

import functools
import importlib.resources
import random

import keras
import numpy as np
import players
import pytest
import tensorflow as tf

import kgan
from kgan import features
from kgan.features import networks, pretrained

BARS = {"mnist": 0.993, "fashion_mnist": 0.92}


def images(num_images=4, side=8, channels=1):
    return (
        np.random.default_rng(0)
        .uniform(-1, 1, (num_images, side, side, channels))
        .astype("float32")
    )


def accuracy(name, dataset):
    probabilities = features.get(name).answers(dataset.samples)["probabilities"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    return np.mean(probabilities.argmax(axis=1) == dataset.labels)


def test_the_embedded_classifier_of_digits_is_right_about_those_of_other_writers():
    assert accuracy("digits", kgan.datasets.digits("test", with_labels=True)) >= 0.97


@pytest.mark.parametrize("name", BARS)
@pytest.mark.parametrize("split", ["test[:1000]", pytest.param("test", marks=pytest.mark.slow)])
def test_the_embedded_classifiers_are_as_right_as_they_are_said_to_be(name, split):
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
    expected = features.get("digits").features(images())
    keras.config.set_dtype_policy("mixed_bfloat16")
    found = networks.load("digits")(images(), training=False)["features"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert keras.config.dtype_policy().name == "mixed_bfloat16"


def test_raw_features_are_the_samples_themselves():
    assert np.array_equal(features.get("raw").features(images()), images().reshape(4, 64))


def test_a_model_a_function_and_an_extractor_of_ones_own():
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, keras.layers.Flatten()(inputs), name="mine")

    def rows(samples):
        return keras.ops.mean(samples, axis=2)

    assert features.get(model).name == "mine"
    assert features.get(model).features(images()).shape == (4, 64)
    assert features.get(rows).name == "rows"
    assert features.get(rows).features(images()).shape == (4, 8)
    own = features.Extractor("own", functools.partial(keras.ops.sum, axis=(1, 2)))
    assert features.get(own) is own
    assert features.get(own).features(images(channels=3)).shape == (4, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: features.get("mnits"), "Did you mean 'mnist'"),
        (lambda: features.get(lambda images: images), "a function with a name"),
        (lambda: features.get(3), "Received: features=3"),
        (lambda: features.get("mnist").features(images()), "are of samples of 28×28×1"),
        (lambda: features.get("digits").features(images(channels=3)), "samples of 8×8×3"),
        (lambda: features.get("raw").features(np.full((5, 2), np.nan)), "5 of 5 samples"),
        (lambda: features.get("raw").logits(images()), "are not of a classifier"),
    ],
)
def test_wrong_features_are_said_to_be(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_what_a_network_says_of_real_samples_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("KGAN_CACHE_DIR", str(tmp_path))
    extractor = features.get("digits")
    first = features.cached(extractor, images())
    (file,) = tmp_path.glob("digits-*.npz")
    np.savez(file, features=first["features"] + 1)
    again = features.cached(extractor, images())
    np.testing.assert_array_equal(again["features"], first["features"] + 1)
    file.write_bytes(b"damaged")
    np.testing.assert_array_equal(
        features.cached(extractor, images())["features"], first["features"]
    )
    features.cached(extractor, images(5))
    assert len(list(tmp_path.iterdir())) == 2


def test_of_a_network_of_ones_own_nothing_is_kept_even_if_it_is_called_mnist(tmp_path, monkeypatch):
    monkeypatch.setenv("KGAN_CACHE_DIR", str(tmp_path))
    features.cached(features.Extractor("digits", lambda samples: samples), images())
    assert not list(tmp_path.iterdir())


def test_inception_looks_at_grey_images_of_any_size_in_float32(monkeypatch):
    whole = functools.partial(keras.applications.InceptionV3, weights=None, classes=1000)
    monkeypatch.setattr(keras.applications, "InceptionV3", whole)
    keras.config.set_dtype_policy("mixed_bfloat16")
    extractor = features.inception_v3()
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
    answers = extractor.answers(images(2, side=28))
    assert answers["features"].shape == (2, 2048)
    assert answers["features"].dtype == "float32"
    fine = answers["features"].view("uint32") & 0xFFFF  # bfloat16 ends before these bits.
    assert (fine != 0).mean() > 0.5
    assert answers["probabilities"].shape == (2, 1000)


def test_without_a_network_inception_says_what_works(monkeypatch):
    def fails(**arguments):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "InceptionV3", fails)
    with pytest.raises(ConnectionError, match="Without a network these features work: 'mnist'"):
        features.inception_v3()


@pytest.mark.usefixtures("_xla")
def test_images_are_scaled_for_inception_as_tensorflow_scales_them_and_under_xla_too():
    for side in (28, 400):
        sample = images(2, side=side, channels=3)
        expected = tf.image.resize(sample, (299, 299), antialias=True)
        scaled = tf.function(pretrained._scaled, jit_compile=True)(sample)
        np.testing.assert_allclose(scaled, expected, atol=1e-4)


def test_loading_features_draws_no_random_number():
    keras.utils.set_random_seed(5)
    expected = random.random(), np.random.uniform()
    keras.utils.set_random_seed(5)
    networks.load("digits")
    assert (random.random(), np.random.uniform()) == expected
