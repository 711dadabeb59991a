"""Figure 1 of the paper: how the game comes to its end."""

import keras
import numpy as np

from kgan import penalties
from kgan.datasets import GaussianMixture
from kgan.gan import GAN
from kgan.theory import densities
from kgan.theory.demonstrations import games
from kgan.theory.demonstrations.demonstration import (
    DISCRIMINATOR,
    GENERATED,
    REAL,
    THEORY,
    Demonstration,
    figure,
)

__all__ = ["figure_1"]

DATA = GaussianMixture(np.array([[-1.0], [1.0]]), 0.6)
STEPS, BATCH_SIZE, K = 4000, 256, 3
MOMENTS = (0.0, 0.01, 0.05, 1.0)  # Shares of the steps.
EDGES = np.linspace(-4, 4, 161)
POINTS = (EDGES[1:] + EDGES[:-1]) / 2
NOTHING = 0.01  # Where both densities are lower, D* is not shown.


def figure_1(length: float = 1.0) -> Demonstration:
    """The densities p and q, and D, while the game is played: q becomes p, and D becomes 1/2.

    After Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, figure 1: the data is of one
    dimension, D* = p / (p + q) is drawn next to D, and lines show where G takes latents to. With
    R1, so that the game comes to rest, and with k = 3, so that D keeps up with G.

    Args:
        length: the share of the steps that is played, in (0, 1]; about 25 seconds on two CPU
            cores for 1.

    Returns:
        A `Demonstration`. `largest_deviation` is the largest |D(x) - 1/2| between the 1 % and the
        99 % quantile of the data; `jensen_shannon_divergence` that of data and samples, in nats;
        `error_of_d` the mean |D - D*| over the data; all at the end.
    """
    steps = games.steps_of(STEPS, length)
    keras.utils.set_random_seed(0)
    networks = games.generator(1, 1), games.discriminator(1)
    gan = GAN(*networks, discriminator_steps=K, ema_decay=None, seed=0)
    rates = {2e-3: steps, 1e-2: K * steps}
    schedules = [keras.optimizers.schedules.CosineDecay(*one) for one in rates.items()]
    optimizers = [keras.optimizers.Adam(one, beta_1=0.0, beta_2=0.99) for one in schedules]
    games.compile(gan, steps, *optimizers, penalties=[penalties.R1(0.3)])
    dataset = games.points(DATA, steps, K * BATCH_SIZE)
    views = games.play(gan, dataset, steps, MOMENTS, lambda: _answers(gan))
    frames = [(step, *answers) for step, answers in views]
    return Demonstration(_numbers(frames[-1]), _draw(frames), CAPTION)


CAPTION = (
    "Black, dotted: the density p of the data. Blue: the density q of the samples; below, the "
    "lines show where the generator takes latents to. Orange: D, how probable the discriminator "
    "finds it that a point is real; grey, dashed: the best response to q, D* = p / (p + q). "
    "At step 0 all samples lie close together, and q leaves the frame. D has little time to learn "
    "between two moves of the generator: at step 40 it does not show the two groups yet, at step "
    "200 it slopes towards both, and the samples follow. At the end q is close to p, and D is 1/2: "
    "it can only guess. D* is drawn where there are enough samples. Played with three steps of D "
    "for each step of G, and with the R1 penalty (see the Dirac GAN), without which the game need "
    "not come to rest."
)


def _answers(gan):
    """The density q and D(x) at `POINTS`, and where a few latents go."""
    q, _ = np.histogram(games.samples(gan.generator, 200_000), EDGES, density=True)
    d = games.probabilities(gan, POINTS[:, None])
    latents = np.linspace(-2, 2, 17, dtype="float32")
    return q, d, latents, gan.generator(latents[:, None], training=False).numpy()[:, 0]


def _numbers(frame):
    _, q, d, *_ = frame
    p, cell = DATA.density(POINTS[:, None]), EDGES[1] - EDGES[0]
    below = np.cumsum(p) * cell
    inside = (below > 0.01) & (below < 0.99)
    optimal = densities.optimal_discriminator(p, q)
    return {
        "largest_deviation": float(np.abs(d - 0.5)[inside].max()),
        "jensen_shannon_divergence": densities.jensen_shannon_divergence(p, q, cell),
        "error_of_d": float(np.sum(np.abs(d - optimal) * p) * cell),
    }


def _draw(frames):
    drawn, rows = figure(2, len(frames), 2.6, 1.9, sharex=True, sharey="row", height_ratios=(3, 1))
    p = DATA.density(POINTS[:, None])
    for (axes, below), (step, q, d, latents, reached) in zip(rows.T, frames, strict=True):
        optimal = densities.optimal_discriminator(p, q)
        optimal[p + q < NOTHING] = np.nan
        optimal[q < NOTHING / 10] = np.nan  # Its jumps to 1 would hide the rest.
        axes.plot(POINTS, optimal, "--", color=THEORY, label="D*")
        axes.plot(POINTS, d, color=DISCRIMINATOR, linewidth=2, label="D")
        axes.plot(POINTS, p, ":", color=REAL, linewidth=2, label="p, data")
        axes.plot(POINTS, q, color=GENERATED, linewidth=2, label="q, samples")
        axes.set(title=f"step {step:,}", ylim=(0, 1.05))
        for latent, point in zip(latents, reached, strict=True):
            below.plot([latent, point], [0, 1], color=GENERATED, linewidth=0.8)
        below.set(xlim=(EDGES[0], EDGES[-1]), ylim=(0, 1), yticks=[0, 1], xlabel="z, x")
        below.set_yticklabels(["z", "G(z)"])
    rows[0, 0].set_ylabel("p, q; D(x)")
    rows[0, 0].legend(fontsize="small", loc="upper right")
    return drawn
