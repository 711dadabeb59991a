"""What every loss and every penalty obeys."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgan.game import logs

SHAPES = [(6,), (6, 1), (6, 3, 3, 1)]


def check_loss(loss):
    """Runs a loss through all that the game expects of it."""
    for shape in SHAPES:
        real, fake = tf.random.normal(shape), tf.random.normal(shape)
        assert loss.discriminator_loss(real, fake).shape == shape
        assert loss.generator_loss(real, fake).shape == shape
    for value in (-1e4, 1e4):
        extreme = tf.constant([value])
        assert np.isfinite(loss.discriminator_loss(extreme, -extreme)).all()
        assert np.isfinite(loss.generator_loss(extreme, -extreme)).all()
    check_signs(loss)
    check_serialization(loss)
    check_answers(loss)
    with pytest.raises(AttributeError):
        loss.generator_sees_real = not loss.generator_sees_real


def check_signs(loss):
    """At logits of 1/2, D wants real up and fakes down, and G wants fakes up."""
    real, fake = tf.constant([0.5]), tf.constant([0.5])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        discriminator_loss = loss.discriminator_loss(real, fake)
        generator_loss = loss.generator_loss(real if loss.generator_sees_real else None, fake)
    assert tape.gradient(discriminator_loss, real)[0] < 0
    assert tape.gradient(discriminator_loss, fake)[0] > 0
    assert tape.gradient(generator_loss, fake)[0] < 0


def check_answers(loss):
    """D that tells all rightly, all wrongly, or cannot tell has accuracy 1, 0 and 1/2."""
    high, low = tf.constant([[9.0], [8.0]]), tf.constant([[-9.0], [-8.0]])
    assert logs.answers(loss, high, low)["discriminator_accuracy"] == 1
    assert logs.answers(loss, low, high)["discriminator_accuracy"] == 0
    assert logs.answers(loss, high, high)["discriminator_accuracy"] == 0.5
    names = ["probability"] if loss.defines_probability else ["logits"]
    assert set(logs.answers(loss, high, low)) == {
        "discriminator_accuracy",
        *(f"{who}_{name}" for who in ("real", "fake") for name in names),
    }


def check_serialization(thing):
    """What is serialised comes back equal."""
    config = keras.saving.serialize_keras_object(thing)
    assert config["registered_name"] == f"kgan>{type(thing).__name__}"
    assert keras.saving.deserialize_keras_object(config) == thing


def check_penalty(penalty):
    """One finite value a sample, not below zero, differentiable in the critic's weights."""
    critic = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
    critic.add(keras.layers.Dense(4, activation="softplus"))
    critic.add(keras.layers.Dense(1))
    real, fake = tf.random.normal((5, 2, 2, 1)), tf.random.normal((5, 2, 2, 1))
    with tf.GradientTape() as tape:
        values = penalty(critic, real, fake, tf.constant([1, 2]))
    assert values.shape == (5,)
    assert np.isfinite(values).all()
    assert (values.numpy() >= 0).all()
    gradient = tape.gradient(values, critic.layers[1].kernel.value)
    assert np.abs(gradient).max() > 0
    again = penalty(critic, real, fake, tf.constant([1, 2]))
    np.testing.assert_array_equal(values, again)
    check_serialization(penalty)
