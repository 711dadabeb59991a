"""How often the discriminator moves for each move of the generator."""

import keras
import numpy as np

from kgan import penalties
from kgan.gan import GAN
from kgan.theory.demonstrations import games
from kgan.theory.demonstrations.convergence import DATA
from kgan.theory.demonstrations.demonstration import (
    COLORS,
    THEORY,
    Demonstration,
    figure,
    label_panels,
)

__all__ = ["discriminator_steps"]

KS = (1, 2, 5)
UPDATES, BATCH_SIZE = 3600, 128  # Of both players together.
MOMENTS = np.linspace(0, 1, 11)
SEEDS = (0, 1, 2)
NUM_SAMPLES = 10_000


def discriminator_steps(length: float = 1.0) -> Demonstration:
    """More steps of D for each step of G should advise G better, at the cost of fewer moves.

    The same number of updates is shared with k = 1, 2 and 5. Goodfellow et al. 2014,
    https://arxiv.org/abs/1406.2661, algorithm 1, whose k is 1, "the least expensive option".
    The data has two modes on a line; the distance is the Wasserstein-1 distance, how far the
    samples have to be moved to be distributed as the data.

    Args:
        length: the share of the updates, in (0, 1]; about 50 seconds on two CPU cores for 1.

    Returns:
        A `Demonstration`: `distance_with_k` of the averaged generator at the end, a mean over three
        seeds, and its standard error, `error_with_k`; `distance_of_data` is that of other data.
    """
    distances = {k: _distances(k, length) for k in KS}
    ends = {k: of_seeds[:, -1] for k, (_, of_seeds) in distances.items()}
    numbers = {f"distance_with_{k}": float(end.mean()) for k, end in ends.items()}
    numbers |= {
        f"error_with_{k}": float(end.std(ddof=1) / np.sqrt(len(end))) for k, end in ends.items()
    }
    numbers["distance_of_data"] = _distance(DATA.draw(NUM_SAMPLES, seed=7)[0])
    drawn, axes = figure(1, 1, 4.6, 3.2)
    for color, (k, (updates, of_seeds)) in zip(COLORS, distances.items(), strict=False):
        axes.semilogy(updates, of_seeds.mean(axis=0), color=color, linewidth=2, label=f"k = {k}")
        axes.semilogy(updates, of_seeds.T, color=color, linewidth=0.6, alpha=0.7)
    label = "other data in their place"
    axes.axhline(numbers["distance_of_data"], color=THEORY, linestyle="--", label=label)
    title = ("the same work, differently shared",)
    label_panels([axes], title, "updates of both players", "Wasserstein-1 distance")
    return Demonstration(numbers, drawn, CAPTION)


CAPTION = (
    "How far the samples are from the data, against the number of updates that both players have "
    "made together: three games for each k, with other noise and data, thin, and their mean, "
    "thick. With a larger k the generator should be better advised, and it moves less often. With "
    "k = 1 and k = 2 one game of three ends further from the data than the others, with k = 5 none "
    "does; three are too few to say which k is best. The dashed line, other data in place of "
    "samples, is the best that could be reached. Played with the R1 penalty."
)


def _distances(k, length):
    """How many updates there were at each moment, and for each seed the distances then."""
    steps = games.steps_of(UPDATES / (k + 1), length)
    keras.utils.set_random_seed(0)
    networks = games.generator(1, 1), games.discriminator(1)
    gan = GAN(*networks, discriminator_steps=k, ema_decay=0.98, seed=0)
    adams = [keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99) for rate in (2e-3, 1e-2)]
    games.compile(gan, steps, *adams, penalties=[penalties.R1(0.3)])
    start = games.snapshot(gan)

    def distance():
        return _distance(games.samples(gan.averaged_generator, NUM_SAMPLES))

    distances = []
    for seed in SEEDS:
        games.restore(gan, start)
        gan.seed = seed
        dataset = games.points(DATA, steps, k * BATCH_SIZE, seed)
        played, of_seed = zip(*games.play(gan, dataset, steps, MOMENTS, distance), strict=True)
        distances.append(of_seed)
    return (k + 1) * np.array(played), np.array(distances)


def _distance(points):
    """The Wasserstein-1 distance from the data: on a line that of the points in order."""
    real, _ = DATA.draw(len(points), seed=3)
    return float(np.abs(np.sort(points[:, 0]) - np.sort(real[:, 0])).mean())
