import dataclasses
import math

import contracts
import numpy as np
import pytest
import tensorflow as tf

from kgan import losses

# The logits and values that TF-GAN publishes in its tests.
REAL = tf.constant([-5.0, 1.4, 12.5, 2.7])
FAKE = tf.constant([10.0, 4.4, -5.5, 3.6])
GOLDEN = {
    "minimax": (5.833866, -4.510821),
    "non_saturating": (5.833866, 1.385821),
    "least_squares": (41.73375, 17.69625),
    "wasserstein": (0.225, -3.125),
    "hinge": (6.75, -3.125),
    "relativistic": (4.822435, 4.597435),
}


@pytest.mark.parametrize("name", losses.ALL)
def test_every_loss_obeys_the_contract(name):
    contracts.check_loss(losses.get(name))


@pytest.mark.parametrize("name", losses.ALL)
def test_every_loss_gives_its_golden_numbers(name):
    loss = losses.get(name)
    discriminator, generator = GOLDEN[name]
    assert np.mean(loss.discriminator_loss(REAL, FAKE)) == pytest.approx(discriminator, rel=1e-6)
    assert np.mean(loss.generator_loss(REAL, FAKE)) == pytest.approx(generator, rel=1e-6)


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_at_equilibrium_the_discriminator_loss_is_twice_log_2_and_its_answer_one_half(name):
    loss, logits = losses.get(name), tf.zeros((3, 1))
    assert np.mean(loss.discriminator_loss(logits, logits)) == pytest.approx(2 * math.log(2))
    np.testing.assert_allclose(loss.probability(logits), 0.5)


def test_minimax_gives_both_players_the_same_value_with_opposite_signs():
    loss = losses.Minimax()
    difference = loss.discriminator_loss(REAL, FAKE) + loss.generator_loss(REAL, FAKE)
    np.testing.assert_allclose(difference, -tf.math.log_sigmoid(REAL), rtol=1e-4)


def test_minimax_starves_the_generator_where_non_saturating_feeds_it():
    sure_of_fake = tf.constant([-8.0])
    gradients = []
    for loss in (losses.Minimax(), losses.NonSaturating()):
        with tf.GradientTape() as tape:
            tape.watch(sure_of_fake)
            value = loss.generator_loss(None, sure_of_fake)
        gradients.append(abs(float(tape.gradient(value, sure_of_fake)[0])))
    assert gradients[0] < 1e-3
    assert gradients[1] > 0.999


@pytest.mark.parametrize("loss", [losses.Minimax, losses.NonSaturating])
def test_label_smoothing_moves_the_target_of_real_samples_alone(loss):
    smooth, plain = loss(label_smoothing=0.1), loss()
    logit = tf.constant([math.log(0.9 / 0.1)])
    with tf.GradientTape() as tape:
        tape.watch(logit)
        value = smooth.discriminator_loss(logit, tf.constant([0.0]))
    assert float(tape.gradient(value, logit)[0]) == pytest.approx(0, abs=1e-6)
    fakes = smooth.discriminator_loss(REAL, FAKE) - smooth.discriminator_loss(REAL, -FAKE)
    plain_fakes = plain.discriminator_loss(REAL, FAKE) - plain.discriminator_loss(REAL, -FAKE)
    np.testing.assert_allclose(fakes, plain_fakes, rtol=1e-5)
    assert plain.label_smoothing == 0
    contracts.check_serialization(smooth)


@pytest.mark.parametrize("smoothing", [-0.1, 0.5, 1.0])
def test_label_smoothing_out_of_range_is_refused(smoothing):
    with pytest.raises(ValueError, match=r"`label_smoothing` must be in \[0, 0.5\)"):
        losses.NonSaturating(label_smoothing=smoothing)


@pytest.mark.parametrize("name", ["least_squares", "wasserstein", "hinge", "relativistic"])
def test_a_loss_whose_logits_are_not_probabilities_says_so(name):
    with pytest.raises(TypeError, match="not probabilities"):
        losses.get(name).probability(tf.zeros(1))


def test_losses_are_found_by_name_and_by_value():
    assert losses.get("hinge") == losses.Hinge()
    smooth = losses.Minimax(label_smoothing=0.1)
    assert losses.get(smooth) is smooth


def test_an_unknown_loss_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'wasserstein'"):
        losses.get("waserstein")


@pytest.mark.parametrize("thing", [losses.Hinge, None, 3, "binary"])
def test_an_object_that_is_not_a_loss_is_refused(thing):
    with pytest.raises((TypeError, ValueError), match="`loss` must be"):
        losses.get(thing)


def test_losses_cannot_be_changed_after_they_are_made():
    with pytest.raises(dataclasses.FrozenInstanceError):
        losses.Minimax().label_smoothing = 0.2
