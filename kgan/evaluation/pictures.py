"""What samples look like beside real ones, and what lies between two of them."""

import os
import pathlib
from typing import Any

import numpy as np

from kgan import files, plots
from kgan.datasets import Dataset
from kgan.game import noise, sampling
from kgan.metrics import distances

__all__ = ["draw", "interpolate"]

# The squared distance of what is the same picture, but for rounding errors.
SAME = 1e-6


def draw(
    gan: Any,
    training: Dataset,
    held_out: Dataset | None,
    folder: str | os.PathLike[str],
    *,
    num_samples: int = 40,
    seed: int = 0,
) -> list[pathlib.Path]:
    """Writes pictures of samples beside real ones.

    For images, and for volumes as slices, it writes `nearest.png`, samples next to real images and
    to the training images nearest to them; `nearest_pairs.png`, the samples, of a thousand, that
    are nearest to a training image, relative to the distance between that one and its own nearest
    neighbour, one for each image first: copies would be among them; and `interpolation.png`. For
    sequences, points and vectors it writes `samples.png`.

    Args:
        gan: a `kgan.GAN`.
        training, held_out: as in `evaluate`.
        folder: where they go; older ones are replaced.
        num_samples: how many samples each shows.
        seed: of the latents.

    Returns:
        The paths that were written.
    """
    folder, known = pathlib.Path(folder), training.samples
    real = known if held_out is None else held_out.samples
    real = real[np.random.default_rng(seed).permutation(len(real))]
    samples = gan.generate(1000, seed=seed)
    samples = samples[0] if gan.num_classes else samples
    view = plots.view_of(real.shape[1:])
    if view.as_images is None:
        some = slice(num_samples if view.has_columns else 1000)
        files.write_atomically(folder / "samples.png", plots.picture(samples[some], real[some]))
        return [folder / "samples.png"]
    figures = _grids(gan, samples, real, known, num_samples, view.as_images)
    for name, figure in figures.items():
        plots.save(folder / name, figure, dpi=150)
    return [folder / name for name in figures]


def _grids(gan, samples, real, known, num_samples, as_images):
    """The figures of what can be shown as images, by the names of their files."""
    flat = [np.reshape(part, (len(part), -1)) for part in (samples, known)]
    indices, away = distances.nearest(*flat)
    order = _different_first(np.argsort(away / _loneliness(flat[1], indices)), indices)
    order, some = order[:num_samples], slice(num_samples)
    between = {
        f"{kind} interpolation": as_images(interpolate(gan, 5, 9, kind=kind))
        for kind in ("linear", "spherical")
    }
    return {
        "nearest.png": plots.grids(
            {
                "real": as_images(real[some]),
                "generated": as_images(samples[some]),
                "nearest of the training data": as_images(known[indices[some]]),
            }
        ),
        "nearest_pairs.png": plots.grids(
            {
                "generated, nearest to training data": as_images(samples[order]),
                "that training data": as_images(known[indices[order]]),
            }
        ),
        "interpolation.png": plots.grids(between, columns=9),
    }


def _different_first(order, indices):
    """The same order, but all that are nearest to something new come before those that are not."""
    _, first = np.unique(indices[order], return_index=True)
    first.sort()
    return np.concatenate([order[first], np.delete(order, first)])


def _loneliness(known, indices):
    """How far from some of `known` the nearest is that differs; a simple image has one near by."""
    parts = distances.squared(known[indices], known)
    nearest = [np.where(found > SAME, found, np.inf).min(axis=1) for _, found in parts]
    return np.sqrt(np.concatenate(nearest))


def interpolate(
    gan: Any,
    num_pairs: int,
    num_steps: int,
    *,
    kind: str = "spherical",
    labels: Any = None,
    seed: int = 0,
) -> np.ndarray:
    """Samples of latents between two, as in figure 3 of Goodfellow et al. 2014.

    Args:
        gan: a `kgan.GAN`.
        num_pairs: how many pairs of latents.
        num_steps: how many latents from one to the other, both included.
        kind: `"linear"`; or `"spherical"` (White 2016, https://arxiv.org/abs/1609.04468), which
            keeps to the latents' usual distance from 0, where a straight line cuts across.
        labels: of a conditional GAN: the class of each pair, `(num_pairs,)`; None: 0, 1, 2, ...
        seed: of the latents.

    Returns:
        An array `(num_pairs * num_steps, ...)`, pair by pair.

    Raises:
        ValueError: for another kind.
    """
    ends = noise.latent_blocks(gan.latent_distribution, gan.latent_dim, [(seed, 2 * num_pairs)])
    latents = noise.between(ends[:num_pairs], ends[num_pairs:], num_steps, kind)
    inputs: list[np.ndarray] = [latents.reshape(-1, gan.latent_dim)]
    if gan.num_classes:
        labels = np.arange(num_pairs) % gan.num_classes if labels is None else np.asarray(labels)
        inputs.append(np.repeat(labels, num_steps).astype("int32"))
    return sampling.predict(gan.averaged_generator, inputs, 128)
