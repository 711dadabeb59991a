import numpy as np
import players
import pytest

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
    assert found.gap == found.best_discriminator - found.best_generator
    assert players.same(before, players.digest(game))


def test_an_array_is_refused():
    with pytest.raises(TypeError, match=r"must be a tf.data.Dataset .* Received: ndarray"):
        theory.duality_gap(players.gan(), np.zeros((64, 8, 8, 1), "float32"))
