"""Mixtures of Gaussians: data whose density is known, to see what a game leaves out."""

import dataclasses
from typing import Any

import numpy as np

from kgan.datasets.dataset import Dataset
from kgan.lookup import by_name

__all__ = ["MIXTURES", "GaussianMixture", "gaussian_mixture"]


@dataclasses.dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Equally frequent Gaussians of one width: the distribution itself.

    Args:
        means: float array `(num_modes, dim)`.
        standard_deviation: σ, of each mode in each direction.
    """

    means: np.ndarray
    standard_deviation: float

    def density(self, points: Any) -> np.ndarray:
        """p(x) for points `(num_points, dim)`, float64 `(num_points,)`."""
        variance = self.standard_deviation**2
        squared = np.square(np.asarray(points, "float64")[:, None] - self.means[None]).sum(axis=-1)
        normalizer = (2 * np.pi * variance) ** (self.means.shape[1] / 2)
        return np.exp(-squared / (2 * variance)).mean(axis=1) / normalizer

    def draw(self, num_samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """`(points, modes)`: float32 `(num_samples, dim)`, and which mode each came from."""
        generator = np.random.default_rng(seed)
        modes = generator.integers(len(self.means), size=num_samples)
        noise = generator.standard_normal((num_samples, self.means.shape[1]))
        points = self.means[modes] + self.standard_deviation * noise
        return points.astype("float32"), modes.astype("int32")


def _ring(num_modes=8):
    angles = 2 * np.pi * np.arange(num_modes) / num_modes
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _grid(side=5, spacing=2.0):
    ticks = spacing * (np.arange(side) - (side - 1) / 2)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)


MIXTURES = {
    "line": GaussianMixture(np.array([[-2.0], [2.0]]), 0.5),
    "ring": GaussianMixture(_ring(), 0.01),
    "grid": GaussianMixture(_grid(), 0.05),
}


def gaussian_mixture(
    name: str = "ring",
    *,
    num_samples: int = 100_000,
    batch_size: int = 100,
    with_labels: bool = False,
    seed: int = 0,
) -> Dataset:
    """Points from a mixture of Gaussians.

    The ring and the grid are those of Lin et al. 2018 (PacGAN, https://arxiv.org/abs/1712.04086),
    section 4.1.

    Args:
        name: `"line"`, two modes at ±2 on the real line, σ = 0.5; `"ring"`, eight modes on the unit
            circle, σ = 0.01; `"grid"`, 5×5 modes 2 apart, σ = 0.05.
        num_samples: how many points.
        batch_size: points a batch.
        with_labels: whether batches are `(points, labels)`, a label being the point's mode.
        seed: decides both the points and their order; another one gives held-out data.

    Returns:
        A `Dataset` of float32 points `(batch_size, 1 or 2)`, which are not bounded by [-1, 1]; its
        `distribution` is the `GaussianMixture`.
    """
    distribution = by_name(name, MIXTURES, "name")
    points, modes = distribution.draw(num_samples, seed)
    return Dataset(
        points,
        modes if with_labels else None,
        batch_size=batch_size,
        seed=seed,
        num_classes=len(distribution.means) if with_labels else None,
        distribution=distribution,
    )
