import math

import keras
import numpy as np
import players
import pytest

import kgan
from kgan.diagnosis import Probe

NUM_SAMPLES = 300


def points(seed=0, number=NUM_SAMPLES):
    return np.random.default_rng(seed).normal(size=(number, 2)).astype("float32")


def game(kernel=1.0, weights=(1.0, 0.0), offset=0.0, loss="non_saturating", packing=1):
    """A game of points: G multiplies its latents with a number, D's logit is a linear function."""
    latents = keras.Input((2,))
    layer = keras.layers.Dense(2, kernel_initializer="identity")
    generator = keras.Model(latents, layer(latents))
    layer.set_weights([kernel * np.eye(2), np.full(2, offset)])
    samples = keras.Input((2 * packing,))
    discriminator = keras.Model(samples, keras.layers.Dense(1)(samples))
    kernel = np.array([*weights] * packing, "float32")[:, None]
    discriminator.set_weights([kernel, np.zeros(1)])
    gan = kgan.GAN(generator, discriminator, seed=0, packing=packing)
    gan.compile(loss=loss)
    return gan


def read(gan, training=None, held_out=None):
    training = (points(0), None) if training is None else training
    return Probe(gan, training, held_out).read()


def test_a_generator_that_draws_the_data_shows_nothing():
    reading = read(game(), held_out=(points(1), None))
    assert reading.step == 0
    assert reading.is_finite
    assert reading.variety == pytest.approx(1, abs=0.1)
    assert reading.distance == pytest.approx(0, abs=0.01)
    assert reading.averaged_distance == reading.distance
    assert reading.auc == pytest.approx(0.5, abs=0.1)
    assert reading.held_out_auc == pytest.approx(0.5, abs=0.1)
    assert 0.9 < reading.memorization < 1.8  # Of points it is inexact, and the upper end is taken.
    assert max(reading.missing, reading.averaged_missing) < 0.1
    assert math.isnan(reading.drift)
    assert math.isnan(reading.label_margin)


def test_samples_that_are_all_alike_have_no_variety_and_leave_most_out():
    reading = read(game(kernel=0.0))
    assert reading.variety == pytest.approx(0, abs=1e-3)
    assert reading.missing > 0.8
    assert reading.distance > 0.3


def test_distances_are_relative_to_the_data():
    readings = [
        read(game(kernel=scale, offset=3 * scale), (scale * points(), None)) for scale in (1, 10)
    ]
    for name in ("variety", "distance", "missing"):
        assert getattr(readings[0], name) == pytest.approx(getattr(readings[1], name), rel=1e-3)


def test_d_s_logits_are_read():
    reading = read(game(weights=(2.0, 0.0), offset=-100.0))
    assert reading.auc == 1.0
    assert reading.real_logit == pytest.approx(0, abs=0.3)
    assert reading.fake_logit == pytest.approx(-200, abs=1)
    assert reading.logit_spread == pytest.approx(2, rel=0.2)
    assert reading.slope == pytest.approx(2 * math.sqrt(math.pi), rel=0.1)


@pytest.mark.parametrize(
    ("loss", "push"), [("minimax", 0.0), ("non_saturating", 1.0), ("wasserstein", 1.0)]
)
def test_minimax_starves_g_where_d_is_sure_and_the_other_losses_do_not(loss, push):
    reading = read(game(weights=(2.0, 0.0), offset=-100.0, loss=loss))
    assert reading.push == pytest.approx(push, abs=1e-3)
    # G's gradient is that of D's logit, times the push.
    assert reading.generator_gradient == pytest.approx(push * 2, abs=0.5)


def test_wasserstein_s_logits_have_the_unit_of_the_data():
    spreads = [
        read(game(loss="wasserstein"), (scale * points(), None)).logit_spread for scale in (1, 50)
    ]
    assert spreads[0] == pytest.approx(spreads[1], rel=1e-3)


def test_a_d_that_knows_the_training_data_tells_it_from_held_out_data():
    reading = read(
        game(weights=(1.0, 0.0), offset=-5.0), held_out=(points(1) - np.float32([5.0, 0.0]), None)
    )
    assert reading.auc > 0.99
    assert reading.held_out_auc == pytest.approx(0.5, abs=0.1)


def test_copies_are_nearer_to_training_data_than_held_out_data_is():
    latents = Probe(game(), (points(), None))._latents.numpy()
    reading = read(game(), (latents + np.float32(1e-3), None), (points(1), None))
    assert reading.memorization < 0.1


def test_a_reading_knows_how_far_samples_have_moved_since_the_last():
    gan = game()
    probe = Probe(gan, (points(), None))
    probe.read()
    assert probe.read().drift == 0.0
    gan.generator.layers[-1].bias.assign([2.0, 0.0])
    assert probe.read().drift == pytest.approx(2 / probe.unit, rel=1e-4)


def test_a_state_of_another_number_of_samples_is_no_reason_to_fail():
    gan = game()
    probe = Probe(gan, (points(), None))
    probe.set_state({"before": np.zeros((128, 2), "float32"), "of_average": {}})
    assert math.isnan(probe.read().drift)
    assert probe.read().drift == 0.0


def test_a_game_that_is_not_finite_can_be_read():
    gan = game()
    gan.generator.layers[-1].bias.assign([np.nan, 0.0])
    reading = read(gan)
    assert not reading.is_finite
    assert math.isnan(reading.missing)


def test_packs_are_looked_at_together():
    reading = read(game(packing=2, weights=(1.0, 0.0)), held_out=(points(1), None))
    assert reading.logit_spread == pytest.approx(math.sqrt(2), rel=0.2)
    assert reading.auc == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("size", "number"), [(2, 480), (300, 250), (784, 96), (5000, 96)])
def test_more_samples_are_drawn_where_they_are_small(size, number):
    latents = keras.Input((2,))
    generator = keras.Model(latents, keras.layers.Dense(size)(latents))
    samples = keras.Input((size,))
    gan = kgan.GAN(generator, keras.Model(samples, keras.layers.Dense(1)(samples)), seed=0)
    gan.compile()
    data = np.random.default_rng(0).normal(size=(200, size)).astype("float32")
    probe = Probe(gan, (data, None))
    assert probe.read().is_finite
    assert len(probe.get_state()["before"]) == number


def test_few_samples_are_repeated_to_fill_packs():
    reading = read(game(packing=3), (points(number=40), None), (points(1, number=100), None))
    assert reading.is_finite
    assert reading.auc == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("looks", [True, False])
def test_labels_that_are_looked_at_matter(looks):
    places = 3.0 * looks * np.arange(3)[:, None] * np.ones((3, 2))  # Of the classes.
    inputs, label = keras.Input((2,)), keras.Input((), dtype="int32")
    place = keras.layers.Embedding(3, 2, weights=[places])(label)
    generator = keras.Model([inputs, label], keras.layers.Add()([inputs, place]))
    apart = keras.layers.Subtract()([inputs, keras.layers.Embedding(3, 2, weights=[places])(label)])
    logits = -keras.ops.sum(apart * apart, axis=-1, keepdims=True)
    gan = kgan.GAN(generator, keras.Model([inputs, label], logits), seed=0)
    gan.compile()
    classes = np.arange(NUM_SAMPLES) % 3
    training = (0.1 * points() + 3 * classes[:, None]).astype("float32"), classes
    reading = read(gan, training)
    if looks:
        assert reading.label_margin > 0.9
        assert reading.label_effect > 0.5
    else:
        assert reading.label_margin == 0.5
        assert reading.label_effect == 0.0


def test_reading_changes_nothing():
    gan = players.gan()
    before = [weight.numpy() for weight in gan.weights]
    images = players.images(rows=40)
    read(gan, (images, None), (images, None))
    for one, other in zip(before, gan.weights, strict=True):
        np.testing.assert_array_equal(one, other.numpy())
