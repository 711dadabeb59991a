"""What equilibrium is, and what only looks like it."""

import keras
import numpy as np

from kgan import metrics, penalties
from kgan.datasets import GaussianMixture
from kgan.gan import GAN
from kgan.theory.demonstrations import games
from kgan.theory.demonstrations.demonstration import (
    COLORS,
    DISCRIMINATOR,
    GENERATED,
    THEORY,
    Demonstration,
    check_length,
    figure,
    label_panels,
)

__all__ = ["equilibrium"]

_ANGLES = 2 * np.pi * np.arange(5) / 5
DATA = GaussianMixture(2 * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1), 0.4)
STEPS, BATCH_SIZE = 4000, 128
MOMENTS = (0.025, 0.1, 0.3, 1.0)
NUM_SAMPLES = 2000
JUDGES = {"healthy": 2, "weak_discriminator": 0}  # The hidden layers of D.
NAMES = {"healthy": "D with two hidden layers", "weak_discriminator": "a linear D"}


def equilibrium(length: float = 1.0) -> Demonstration:
    """D says 1/2 at equilibrium; but a D that says 1/2 may only be weak.

    Two games on five groups of points in the plane, which differ only in D: a network with two
    hidden layers, and one that is linear, so that it sees no more than where the middle is. What
    the playing D says is compared with a discriminator that is trained afresh on samples and data
    (`kgan.metrics.two_sample_test`), and that with what it gets between two halves of real data.

    Args:
        length: the share of the steps, in (0, 1]; about 50 seconds on two CPU cores for 1.

    Returns:
        A `Demonstration`. For both games, at the end, with samples of the averaged generator:
        `GAME_playing`, the mean probability that D gives to the right answer, (D(x) + 1 -
        D(G(z))) / 2; `GAME_fresh`, the share of new points that a fresh discriminator classifies
        correctly. `real_against_real` is that of two halves of the data,
        `real_against_real_error` its standard error.
    """
    check_length(length)
    halves = metrics.two_sample_test(
        *(DATA.draw(_num_samples(length), seed)[0] for seed in (11, 12))
    )
    found = {name: _play(hidden, length) for name, hidden in JUDGES.items()}
    numbers = {"real_against_real": halves.accuracy}
    spread = halves.accuracy * (1 - halves.accuracy)  # Of one answer, right or wrong.
    numbers["real_against_real_error"] = float(np.sqrt(spread / halves.num_samples))
    for name, (_, playing, fresh, _) in found.items():
        numbers |= {f"{name}_playing": playing[-1], f"{name}_fresh": fresh[-1].accuracy}
    return Demonstration(numbers, _draw(found, halves), CAPTION)


CAPTION = (
    "Orange: the probability that the playing discriminator gives to the right answer, data or "
    "sample; below 1/2 where the generator has just fooled it. Green: the share of points that a "
    "discriminator which is trained afresh on the samples of that moment classifies correctly "
    "(with 95 % intervals). Grey: the same for two halves of real data. Above, D has two hidden "
    "layers, and the game gets close to equilibrium: by the end a fresh discriminator does hardly "
    "better on samples than on two halves of real data, although there are still samples in the "
    "gaps between the groups. Below, D is linear, and sees only where the middle of the points is. "
    "It, too, says 1/2; but a fresh one sees the difference, and so do you: data is grey, samples "
    "are blue. Both are played with the R1 penalty."
)


def _play(hidden, length):
    """Steps, how right D was, how right fresh ones were, and the last samples."""
    steps = games.steps_of(STEPS, length)
    keras.utils.set_random_seed(0)
    gan = GAN(games.generator(2, 2), games.discriminator(2, hidden=hidden), ema_decay=0.99, seed=0)
    rates = [keras.optimizers.schedules.CosineDecay(one, steps) for one in (1e-3, 2e-3)]
    adams = [keras.optimizers.Adam(one, beta_1=0.0, beta_2=0.99) for one in rates]
    games.compile(gan, steps, *adams, penalties=[penalties.R1(0.1)])
    dataset = games.points(DATA, steps, BATCH_SIZE)
    number = _num_samples(length)
    real, _ = DATA.draw(number, seed=13)

    def look():
        drawn = games.samples(gan.averaged_generator, number)
        real_answers, fake_answers = (games.probabilities(gan, one) for one in (real, drawn))
        playing = float((real_answers.mean() + 1 - fake_answers.mean()) / 2)
        return playing, metrics.two_sample_test(real, drawn), drawn

    views = games.play(gan, dataset, steps, MOMENTS, look)
    playing, fresh, drawn = zip(*(view for _, view in views), strict=True)
    return [step for step, _ in views], playing, fresh, drawn[-1]


def _num_samples(length):
    return max(200, round(NUM_SAMPLES * length))


def _draw(found, halves):
    drawn, rows = figure(2, 2, 3.4, 2.9)
    real, _ = DATA.draw(1000, seed=13)
    for name, (axes, plane) in zip(found, rows, strict=True):
        moments, playing, fresh, samples = found[name]
        accuracies = np.array([one.accuracy for one in fresh])
        reach = np.abs([[one.low, one.high] for one in fresh] - accuracies[:, None]).T
        axes.axhspan(halves.low, halves.high, color=THEORY, alpha=0.3, label="real against real")
        axes.errorbar(moments, accuracies, reach, color=COLORS[2], marker="o", label="a fresh D")
        axes.plot(moments, playing, color=DISCRIMINATOR, marker="s", label="the playing D")
        label_panels([axes], (NAMES[name],), "step", "right answers", legend=False)
        axes.set(xscale="log", ylim=(0.2, 1.03))
        plane.scatter(*real.T, s=3, color=THEORY, alpha=0.5)
        plane.scatter(*samples[:1000].T, s=3, color=GENERATED, alpha=0.5)
        plane.set(aspect="equal", xlim=(-4, 4), ylim=(-4, 4), xlabel="x₁", ylabel="x₂")
        plane.set_title("data and samples", fontsize="medium")
    rows[0, 0].legend(fontsize="small")
    return drawn
