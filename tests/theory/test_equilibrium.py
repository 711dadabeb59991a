import numpy as np
import players
import pytest
import tensorflow as tf

import kgan
from kgan import theory
from kgan.datasets.mixture import GaussianMixture
from kgan.theory.demonstrations import games

DATA = GaussianMixture(np.zeros((1, 1)), 1.0)


def gap(mean, steps=8):
    """The duality gap where G gives a Gaussian and D guesses."""
    gan = kgan.GAN(games.affine([mean], 1.0), games.discriminator(1, units=8), seed=0)
    kernel, bias = gan.discriminator.layers[-1].weights
    gan.discriminator.layers[-1].set_weights([0 * kernel.numpy(), 0 * bias.numpy()])
    dataset = games.points(DATA, steps, 64)
    options = {"steps": steps, "learning_rate": 0.1, "num_samples": 1000}
    return theory.duality_gap(gan, dataset, **options)


def test_the_gap_is_small_at_equilibrium_and_large_elsewhere():
    near, far = gap(0.0), gap(3.0)
    assert abs(near.gap) < 0.05
    assert far.gap > 0.5
    assert near.best_generator == pytest.approx(-np.log(4))  # D guesses, whatever G does.


@pytest.mark.parametrize("num_classes", [None, 3])
def test_the_game_itself_stays_as_it_is(num_classes):
    game = players.gan(num_classes)
    before = players.digest(game)
    found = theory.duality_gap(game, players.dataset(num_classes), steps=2, num_samples=40)
    assert np.isfinite(found).all()
    assert players.same(before, players.digest(game))


def test_a_discriminator_that_looks_at_two_samples_has_a_gap_too():
    generator = games.affine([3.0], 1.0)
    gan = kgan.GAN(generator, games.discriminator(2, units=8), packing=2, seed=0)
    data = games.points(DATA, 10, 64)
    found = theory.duality_gap(gan, data, steps=10, learning_rate=0.1, num_samples=640)
    assert found.best_discriminator > found.best_generator + 0.1


def test_both_players_gain_where_the_other_holds_still():
    gan = kgan.GAN(games.affine([3.0], 1.0), games.discriminator(1, units=8), seed=0)
    data = games.points(DATA, 10, 64)
    few, more = (
        theory.duality_gap(gan, data, steps=steps, learning_rate=lr, num_samples=640)
        for steps, lr in ((1, 0.0), (10, 0.1))
    )
    assert more.best_discriminator > few.best_discriminator + 0.1
    assert more.best_generator < few.best_generator - 0.01


def test_data_is_repeated_for_as_many_steps(recwarn):
    batch = tf.data.Dataset.from_tensors(DATA.draw(16, seed=0)[0])
    gan = kgan.GAN(games.affine([3.0], 1.0), games.discriminator(1, units=8), seed=0)
    theory.duality_gap(gan, batch, steps=3, num_samples=40)
    assert not [one for one in recwarn if "ran out of data" in str(one.message)]


@pytest.mark.parametrize("argument", [{"steps": 0}, {"num_samples": -1}])
def test_no_steps_and_no_samples_are_refused(argument):
    with pytest.raises(ValueError, match=f"`{next(iter(argument))}` must be"):
        theory.duality_gap(players.linear(), players.dataset(), **argument)


def test_an_array_is_refused():
    with pytest.raises(TypeError, match=r"must be a tf.data.Dataset .* Received: ndarray"):
        theory.duality_gap(players.gan(), np.zeros((64, 8, 8, 1), "float32"))
