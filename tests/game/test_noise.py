"""The noise of the game: latents."""

import math

import numpy as np
import players
import pytest

import kgan


def latents_of_training(num_steps, **arguments):
    """What G is given in `num_steps` steps."""
    generator, discriminator = players.networks()
    generator, recorder = players.recorded(generator)
    gan = kgan.GAN(generator, discriminator, seed=0, **arguments)
    gan.compile(run_eagerly=True)
    recorder.seen.clear()
    gan.fit(players.dataset(num_samples=16 * num_steps), verbose=0)
    return recorder.seen


def test_every_draw_of_every_step_has_its_own_latents():
    latents = latents_of_training(2, discriminator_steps=2)
    assert len({draw.tobytes() for draw in latents}) == len(latents) == 6


@pytest.mark.parametrize(
    ("distribution", "bound"), [("normal", math.inf), ("uniform", math.sqrt(3))]
)
def test_latents_have_mean_zero_variance_one_and_their_bounds(distribution, bound):
    latents = kgan.game.noise.latents(distribution, (20_000, 4), (0, 0)).numpy()
    assert latents.mean() == pytest.approx(0, abs=0.02)
    assert latents.std() == pytest.approx(1, abs=0.02)
    assert np.abs(latents).max() <= bound
    assert np.abs(latents).max() > 1.7
