"""A generator that holds still: what the discriminator then learns, and what it is worth."""

import itertools

import keras
import matplotlib
import numpy as np

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
    label_panels,
)
from kgan.theory.objective import value

__all__ = ["optimal_discriminator", "value_of_the_game"]

STEPS, BATCH_SIZE = 2500, 512
NOTHING = 1e-3  # Where the density of what D sees is lower, its error is not shown.


def optimal_discriminator(length: float = 1.0) -> Demonstration:
    """The best answer to a fixed G is D* = p / (p + q), and D learns it.

    Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, proposition 1. G is affine and holds
    still (`SGD(0.0)`), so that q is a known Gaussian; p is a mixture of Gaussians, in one dimension
    and in two.

    Args:
        length: the share of D's steps, in (0, 1]; about 25 seconds on two CPU cores for 1.

    Returns:
        A `Demonstration`: `error_in_1d` and `error_in_2d` are the mean |D - D*| over what D sees,
        (p + q) / 2.
    """
    steps = games.steps_of(STEPS, length)
    line = GaussianMixture(np.array([[-1.5], [1.5]]), 0.5)
    plane = GaussianMixture(np.array(list(itertools.product((-1.5, 1.5), repeat=2))), 0.5)
    drawn, panels = figure(2, 2, 3.4, 2.9)
    first, *others = panels.ravel()
    found = [_learned(line, 0.5, steps, 401), _learned(plane, 0.0, steps, 81)]
    _draw_line(first, *found[0])
    _draw_plane(drawn, others, *found[1])
    names = ("error_in_1d", "error_in_2d")
    numbers = {name: _error(*one) for name, one in zip(names, found, strict=True)}
    return Demonstration(numbers, drawn, OPTIMAL_CAPTION)


OPTIMAL_CAPTION = (
    "The generator holds still, and the discriminator is trained to the end. First: on a line, D "
    "(orange) lies on D* = p / (p + q) (grey, dashed): high where the data is denser than the "
    "samples, and close to 0 where there are almost only samples. The others: in the plane, with "
    "four groups of data among samples of one wide Gaussian, D*, D, and their difference. Where "
    "there are hardly any points of either kind, D has nothing to learn from and can be wrong; "
    "there the difference is not shown (grey)."
)


def _learned(distribution, mean, steps, resolution):
    """Points of a grid, p, q, and what D says there when it has learned."""
    keras.utils.set_random_seed(0)
    dim = distribution.means.shape[1]
    gan = _still(np.full(dim, mean), 1.2, steps)
    games.play(gan, games.points(distribution, steps, BATCH_SIZE), steps)
    ticks = np.linspace(-4, 4, resolution)
    points = np.stack(np.meshgrid(*dim * [ticks], indexing="xy"), axis=-1).reshape(-1, dim)
    q = GaussianMixture(np.full((1, dim), mean), 1.2).density(points)
    return points, distribution.density(points), q, games.probabilities(gan, points)


def _still(mean, deviation, steps):
    """A game in which G is affine and does not move."""
    gan = GAN(games.affine(mean, deviation), games.discriminator(len(mean)), ema_decay=None, seed=0)
    rate = keras.optimizers.schedules.CosineDecay(5e-3, steps)
    learning = keras.optimizers.Adam(rate, beta_1=0.9, beta_2=0.99)
    return games.compile(gan, steps, keras.optimizers.SGD(0.0), learning)


def _error(points, p, q, d):
    return float(np.average(np.abs(d - densities.optimal_discriminator(p, q)), weights=p + q))


def _draw_line(axes, points, p, q, d):
    axes.plot(points, p, ":", color=REAL, label="p, data")
    axes.plot(points, q, color=GENERATED, label="q, samples")
    optimal = densities.optimal_discriminator(p, q)
    axes.plot(points, optimal, "--", color=THEORY, linewidth=3, label="D*")
    axes.plot(points, d, color=DISCRIMINATOR, label="D")
    label_panels([axes], ("on a line",), "x", "density; D(x)")
    axes.legend(fontsize="small", loc="upper right")
    axes.set(ylim=(0, 1.3), xticks=range(-4, 5, 2))


def _draw_plane(drawn, panels, points, p, q, d):
    side = round(len(points) ** 0.5)
    extent = (points.min(), points.max(), points.min(), points.max())
    optimal = densities.optimal_discriminator(p, q)
    difference = np.where(p + q < NOTHING, np.nan, d - optimal)  # There is nothing to learn from.
    shown = {"D* in the plane": optimal, "D in the plane": d, "D − D*": difference}
    for axes, (title, answers) in zip(panels, shown.items(), strict=True):
        low, high = (-0.2, 0.2) if title == "D − D*" else (0, 1)
        colors = "RdBu_r" if title == "D − D*" else "PuOr_r"
        options = {
            "cmap": matplotlib.colormaps[colors].with_extremes(bad="0.85"),
            "vmin": low,
            "vmax": high,
        }
        image = axes.imshow(answers.reshape(side, side), origin="lower", extent=extent, **options)
        axes.set_title(title, fontsize="medium")
        axes.set(xlabel="x₁", ylabel="x₂", xticks=range(-4, 5, 2), yticks=range(-4, 5, 2))
        drawn.colorbar(image, ax=axes, shrink=0.8)


# From a Gaussian that is too narrow and off to one side of the data, to the data itself.
PARTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
FIRST, LAST = (2.5, 0.5), (0.0, 1.0)  # The mean and the standard deviation of q.
ENDS = tuple(zip(FIRST, LAST, strict=True))
VALUE_STEPS = 800
NUM_SAMPLES = 50_000


def value_of_the_game(length: float = 1.0) -> Demonstration:
    """C(G) = -log 4 + 2 JSD(p, q): measured by training D, and computed from the densities.

    Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, theorem 1. q moves from a
    Gaussian off to one side of the data onto the data. At each place D is trained from scratch
    while G holds still, and V(D, G) is taken on fresh samples.

    Args:
        length: the share of D's steps, in (0, 1]; about 25 seconds on two CPU cores for 1.

    Returns:
        A `Demonstration`: `measured_at_i` and `exact_at_i` are C(G) at six places, in nats, q = p
        at the last one; `largest_error` is the largest difference, `at_equilibrium` the value
        measured where q = p, to be compared with -log 4 = -1.386.
    """
    steps = games.steps_of(VALUE_STEPS, length)
    keras.utils.set_random_seed(0)
    gan = _still([0.0], 1.0, steps)
    start = games.snapshot(gan)
    places = [tuple(np.interp(part, (0, 1), ends) for ends in ENDS) for part in PARTS]
    measured = [_measured(gan, start, place, steps) for place in places]
    exact = [_exact(place) for place in places]
    numbers = {f"measured_at_{i}": one for i, one in enumerate(measured)}
    numbers |= {f"exact_at_{i}": one for i, one in enumerate(exact)}
    numbers["largest_error"] = float(np.abs(np.subtract(measured, exact)).max())
    numbers["at_equilibrium"] = measured[-1]
    return Demonstration(numbers, _draw_value(places, measured), VALUE_CAPTION)


VALUE_CAPTION = (
    "Left: the samples' density q starts off to one side of the data (light) and moves onto it "
    "(dark); the data's density p is black, dotted. Right: the value of the game against the "
    "best discriminator, measured (points) and computed from the densities (line). It falls as q "
    "approaches p, and its smallest value is -log 4, at q = p: the generator can do no better "
    "than to reproduce the data's distribution. Measured on finite samples, V can also land "
    "slightly above the maximum."
)


def _measured(gan, start, place, steps):
    """V(D, G) when D has learned against a Gaussian q."""
    games.restore(gan, start)
    gan.generator.set_weights([np.array([place[1:]]), np.array(place[:1])])
    data = GaussianMixture(np.array([[LAST[0]]]), LAST[1])
    games.play(gan, games.points(data, steps, BATCH_SIZE), steps)
    real, _ = data.draw(NUM_SAMPLES, seed=1)
    return value(
        games.logits(gan, real),
        games.logits(gan, games.samples(gan.generator, NUM_SAMPLES, seed=2)),
    )


GRID = np.linspace(-6, 6, 2401)[:, None]


def _density(place):
    mean, deviation = place
    return GaussianMixture(np.array([[mean]]), deviation).density(GRID)


def _exact(place):
    cell = float(GRID[1, 0] - GRID[0, 0])
    return densities.value_at_optimum(_density(LAST), _density(place), cell)


def _draw_value(places, measured):
    drawn, panels = figure(1, 2, 3.8, 2.9)
    for part, place in zip(PARTS, places, strict=True):
        panels[0].plot(GRID, _density(place), color=GENERATED, alpha=0.25 + 0.75 * part)
    panels[0].plot(GRID, _density(LAST), ":", color=REAL, linewidth=2)
    fine = np.linspace(0, 1, 41)
    line = [_exact([np.interp(one, (0, 1), ends) for ends in ENDS]) for one in fine]
    panels[1].plot(fine, line, color=THEORY, label="-log 4 + 2 JSD(p, q)")
    panels[1].plot(PARTS, measured, "o", color=DISCRIMINATOR, label="V(D, G), measured")
    panels[1].axhline(-np.log(4), color=REAL, linestyle=":", label="-log 4")
    label_panels(panels, ("q moves to p", "the value of the game"), "x", "density", legend=False)
    panels[1].set(xlabel="position of q (0: start, 1: on the data)", ylabel="V (nats)")
    panels[1].legend(fontsize="small")
    panels[0].set_xlim(-4, 5)
    return drawn
