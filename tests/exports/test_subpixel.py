"""Transposed convolutions as convolutions and a depth-to-space."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from generators import layers, network, shake

from kgan.exports import subpixel


@pytest.mark.parametrize(
    ("kernel_size", "strides", "options"),
    [
        (4, 2, {"padding": "same"}),
        (4, 2, {"padding": "same", "output_padding": 1}),
        (3, 2, {"padding": "same", "use_bias": False}),
        (5, 2, {"padding": "same", "activation": "relu"}),
        (5, 3, {"padding": "same"}),
        (2, 2, {"padding": "valid"}),
        (4, 3, {"padding": "valid", "output_padding": 1}),
        (5, 3, {"padding": "valid", "output_padding": 2}),
        (2, 3, {"padding": "valid"}),
        ((4, 3), 2, {"padding": "same"}),
    ],
)
@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("split", [False, True])
def test_a_transposed_convolution_is_convolutions_and_a_depth_to_space(
    monkeypatch, kernel_size, strides, options, normalized, split
):
    monkeypatch.setattr(subpixel, "LEAST_FILTERS", 1)
    up = layers.Conv2DTranspose(3, kernel_size, strides, **options)
    rest = [layers.BatchNormalization(epsilon=0.1), layers.LeakyReLU()] if normalized else []
    model = shake(network(up, *rest, size=40, shape=(4, 5, 2)))
    found = check_rewritten(model, split)
    assert "Conv2DBackpropInput" not in found
    assert ("Rsqrt" in found) == (normalized and "activation" in options)  # Not folded.
    assert found.count("Conv2D") == (strides**2 if split else 1)


def check_rewritten(model, split=True, jit_compile=False):
    """Compares a model with what it is rewritten to; returns the operations of that.

    Args:
        model: the model.
        split: as in `rewritten`.
        jit_compile: True compares under XLA, for operations that not every CPU has a kernel for.
    """
    draw = subpixel.rewritten(model, split)
    latents = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    found, expected = (
        tf.function(function, jit_compile=True)(latents) if jit_compile else function(latents)
        for function in (draw, model)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    traced = tf.function(draw).get_concrete_function(tf.TensorSpec((1, 4)))
    return [operation.type for operation in traced.graph.get_operations()]


@pytest.mark.parametrize(
    ("strides", "dilation"), [(1, 1), ((2, 1), 1), (1, 2)], ids=["no", "unequal", "dilated"]
)
def test_a_transposed_convolution_without_equal_strides_is_left_alone(strides, dilation):
    up = layers.Conv2DTranspose(2, 3, strides, padding="same", dilation_rate=dilation)
    # On a CPU, TensorFlow computes a dilated one only through oneDNN, which is off where the CPU
    # lacks AVX-512. XLA computes it everywhere.
    operations = check_rewritten(network(up), jit_compile=dilation > 1)
    assert operations.count("Conv2DBackpropInput") == 1


def test_transposed_convolutions_without_equal_strides_are_left_alone_one_after_the_other():
    rest = [
        layers.Conv2DTranspose(2, 3, 1, padding="same"),
        layers.Conv2DTranspose(2, 4, (2, 1), padding="same"),
        layers.Conv2DTranspose(2, 3, 1, padding="same", dilation_rate=2),
    ]
    operations = check_rewritten(network(*rest), jit_compile=True)
    assert operations.count("Conv2DBackpropInput") == 3


def up(**options):
    return layers.Conv2DTranspose(2, 4, 2, padding="same", **options)


def test_an_activation_over_channels_sees_one_pixel_at_a_time(monkeypatch):
    monkeypatch.setattr(subpixel, "LEAST_FILTERS", 1)
    for split in (False, True):
        check_rewritten(network(up(activation="softmax")), split)


def branched(latents, x):
    return keras.Model(latents, layers.Add()([x, layers.BatchNormalization()(x)]))


def truncated(latents, x):
    keras.Model(latents, layers.ReLU()(layers.BatchNormalization()(x)))
    return keras.Model(latents, x)


def inner(latents, x):
    return keras.Model(latents, layers.ReLU()(layers.BatchNormalization()(x)))


@pytest.mark.parametrize("build", [branched, truncated, inner])
def test_only_a_sole_follower_within_the_model_is_folded(build):
    latents = keras.Input((4,), name="latents")
    x = up()(layers.Reshape((4, 4, 1))(layers.Dense(16)(latents)))
    model = shake(build(latents, x))
    found = check_rewritten(model)
    assert ("Rsqrt" in found) == (build is branched)
    outer = keras.Model(latents, layers.Rescaling(2.0)(model(latents)))
    check_rewritten(outer)


def test_layers_used_twice_are_left_alone():
    latents = keras.Input((4,), name="latents")
    leaky, twice = layers.LeakyReLU(0.5), layers.Conv2DTranspose(1, 4, 2, padding="same")
    x = leaky(layers.Dense(16)(latents))
    x = leaky(twice(twice(layers.Reshape((4, 4, 1))(x))))
    found = check_rewritten(shake(keras.Model(latents, leaky(up()(x)))))
    assert found.count("Conv2DBackpropInput") == 2


def test_other_layers_need_no_config():
    class Mine(layers.Layer):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def call(self, x, training=True):
            return x * (0 if training else self.factor)

    latents = keras.Input((4,), name="latents")
    x = layers.Lambda(lambda x: x + 1)(layers.Reshape((4, 4, 1))(layers.Dense(16)(latents)))
    model = keras.Model(latents, Mine(3.0)(up()(x)))
    draw = subpixel.rewritten(model)
    inputs = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    expected = model(inputs, training=False)
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(draw(inputs), expected, rtol=1e-5, atol=1e-5)
