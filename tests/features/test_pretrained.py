"""InceptionV3."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from players import images

from kgan import features
from kgan.features import pretrained


@pytest.mark.slow
def test_inception_looks_at_grey_images_of_any_size_in_float32(monkeypatch):
    whole = functools.partial(keras.applications.InceptionV3, weights=None, classes=1000)
    monkeypatch.setattr(keras.applications, "InceptionV3", whole)
    keras.config.set_dtype_policy("mixed_bfloat16")
    extractor = features.inception_v3()
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
    answers = extractor.answers(images(shape=(28, 28, 1), rows=2))
    assert answers["features"].shape == (2, 2048)
    assert answers["features"].dtype == "float32"
    fine = answers["features"].view("uint32") & 0xFFFF  # bfloat16 ends before these bits.
    assert (fine != 0).mean() > 0.5
    assert answers["probabilities"].shape == (2, 1000)


def test_without_a_network_inception_names_the_alternatives(monkeypatch):
    def fails(**arguments):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "InceptionV3", fails)
    with pytest.raises(ConnectionError, match="Without a network these features work: 'mnist'"):
        features.inception_v3()


@pytest.mark.usefixtures("_xla")
def test_images_are_scaled_for_inception_as_tensorflow_scales_them_and_under_xla_too():
    for side in (28, 400):
        sample = images(shape=(side, side, 3), rows=2)
        expected = tf.image.resize(sample, (299, 299), antialias=True)
        scaled = tf.function(pretrained._scaled, jit_compile=True)(sample)
        np.testing.assert_allclose(scaled, expected, atol=1e-4)
