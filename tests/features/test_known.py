"""Features by name, and one's own."""

import functools

import keras
import numpy as np
import pytest
from players import images

from kgan import features


def test_raw_features_are_the_samples_themselves():
    assert np.array_equal(
        features.get("raw").features(images(rows=4)), images(rows=4).reshape(4, 64)
    )


def test_a_model_a_function_or_an_extractor_can_be_the_features():
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, keras.layers.Flatten()(inputs), name="mine")

    def rows(samples):
        return keras.ops.mean(samples, axis=2)

    assert features.get(model).name == "mine"
    assert features.get(model).features(images(rows=4)).shape == (4, 64)
    assert features.get(rows).name == "rows"
    assert features.get(rows).features(images(rows=4)).shape == (4, 8)
    own = features.Extractor("own", functools.partial(keras.ops.sum, axis=(1, 2)))
    assert features.get(own) is own
    assert features.get(own).features(images(shape=(8, 8, 3), rows=4)).shape == (4, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: features.get("mnits"), "Did you mean 'mnist'"),
        (lambda: features.get(lambda images: images), "a function with a name"),
        (lambda: features.get(3), "Received: features=3"),
        (lambda: features.get("mnist").features(images(rows=4)), "are of samples of 28×28×1"),
        (
            lambda: features.get("digits").features(images(shape=(8, 8, 3), rows=4)),
            "samples of 8×8×3",
        ),
        (lambda: features.get("raw").features(np.full((5, 2), np.nan)), "5 of 5 samples"),
        (lambda: features.get("raw").logits(images(rows=4)), "are not of a classifier"),
    ],
)
def test_wrong_features_are_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
