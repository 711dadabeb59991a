"""What `fit` and `evaluate` are given."""

import keras
import numpy as np
import players
import pytest
import tensorflow as tf
from keras import layers
from players import Batches, images

import kgan


@pytest.mark.parametrize("wrap", [np.asarray, tf.data.Dataset.from_tensors, Batches])
def test_validation_data_is_checked_too(idle, wrap):
    with pytest.raises(ValueError, match=r"look like \[0, 1\]"):
        idle.fit(players.dataset(), validation_data=wrap(images(0, 1)), verbose=0)
    assert idle.step.numpy() == 0
    with pytest.raises(ValueError, match=r"look like \[0, 1\]"):
        idle.evaluate(wrap(images(0, 1)), verbose=0)


def test_validation_data_with_labels_that_the_networks_do_not_take_is_refused(idle):
    with pytest.raises(ValueError, match="the networks take none"):
        idle.fit(images(), validation_data=(images(), np.zeros(16, "int32")), verbose=0)
    assert idle.step.numpy() == 0


def test_weights_of_samples_are_refused():
    gan, weights = players.linear(4), np.ones(16, "float32")
    labels = np.zeros(16, "int32")
    for given in ({"sample_weight": weights}, {"class_weight": {0: 2.0}}):
        with pytest.raises(ValueError, match=f"`{next(iter(given))}` must be None.*alike"):
            gan.fit(images(), labels, verbose=0, **given)
    with pytest.raises(ValueError, match="`sample_weight` must be None"):
        gan.evaluate(images(), labels, sample_weight=weights, verbose=0)
    with pytest.raises(ValueError, match="`sample_weight` must be None"):
        gan.fit(images(), labels, validation_data=(images(), labels, weights), verbose=0)
    three = tf.data.Dataset.from_tensors((images(), labels, weights))
    for data in (three, (batch for batch in three)):
        with pytest.raises(ValueError, match="a batch of three parts"):
            gan.fit(data, shuffle=False, verbose=0)
    assert gan.step.numpy() == 0


def test_an_array_whose_last_batch_is_too_small_is_refused():
    gan, data = players.linear(discriminator_steps=3), images(rows=20)
    with pytest.raises(ValueError, match="leave out 2 samples.*batch size 18, a last batch of 2"):
        gan.fit(data, batch_size=18, verbose=0)
    gan.fit(data, batch_size=18, validation_split=0.1, verbose=0)
    gan.fit(data[:18], batch_size=15, verbose=0)


# Callbacks

MONITORING = [
    lambda **given: keras.callbacks.EarlyStopping(**given),
    lambda **given: keras.callbacks.ModelCheckpoint("m.keras", save_best_only=True, **given),
]


@pytest.mark.parametrize("make", MONITORING)
def test_a_callback_that_would_watch_nothing_is_refused(idle, make):
    with pytest.raises(ValueError, match="log that a GAN has: one of discriminator_loss.*val_loss"):
        idle.fit(players.dataset(), callbacks=[make()], verbose=0)
    with pytest.raises(ValueError, match="log that a GAN has.*Received: monitor='val_fid'"):
        idle.fit(players.dataset(), callbacks=[make(monitor="val_fid", mode="min")], verbose=0)
    with pytest.raises(ValueError, match="whether less or more of 'val_generator_loss' is better"):
        idle.fit(players.dataset(), callbacks=make(monitor="val_generator_loss"), verbose=0)
    assert idle.step.numpy() == 0


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (keras.callbacks.ReduceLROnPlateau(), "a schedule of keras.optimizers.schedules"),
        (keras.callbacks.LearningRateScheduler(float), "a schedule of keras.optimizers.schedules"),
        (keras.callbacks.SwapEMAWeights(), r"kgan\.GAN\(ema_decay"),
        (keras.callbacks.TensorBoard(write_steps_per_second=True), "Leave that out"),
    ],
)
def test_a_callback_that_knows_one_optimizer_is_refused(idle, callback, message):
    with pytest.raises(ValueError, match=f"knows one optimizer.*{message}"):
        idle.fit(players.dataset(), callbacks=[callback], verbose=0)
    assert idle.step.numpy() == 0


class AddsScore(keras.callbacks.Callback):
    """A callback of the user's own, with a log of its own."""

    def on_epoch_end(self, epoch, logs=None):
        logs["score"] = 1.0


def test_a_log_that_another_callback_adds_may_be_watched(tmp_path):
    stop = keras.callbacks.EarlyStopping("score", mode="max", patience=1)
    gan = players.linear()
    history = gan.fit(players.dataset(), epochs=5, callbacks=[AddsScore(), stop], verbose=0)
    assert history.epoch == [0, 1]


def test_the_callback_of_keras_that_never_stops_a_gan_is_refused(idle):
    with pytest.raises(ValueError, match=r"would never stop it. Use kgan.callbacks.TerminateOnNaN"):
        idle.fit(players.dataset(), callbacks=[keras.callbacks.TerminateOnNaN()], verbose=0)


@pytest.mark.filterwarnings("ignore:.* holds a Python function")
def test_a_discriminator_with_bounded_answers_is_refused():
    probability = layers.Lambda(keras.ops.sigmoid)
    gan = kgan.GAN(
        players.networks()[0], players.discriminator(layers.Dense(1), probability), seed=0
    )
    gan.compile(**players.light())
    with pytest.raises(ValueError, match=r"must return logits.*from 0 to 1, whatever.*Lambda"):
        gan.fit(players.dataset(), verbose=0)


def test_a_checkpoint_of_every_epoch_watches_nothing_and_is_accepted(tmp_path):
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "gan.keras")
    players.linear().fit(players.dataset(), callbacks=[checkpoint], verbose=0)
    assert (tmp_path / "gan.keras").exists()
