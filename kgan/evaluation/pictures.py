"""What samples look like beside real ones, and what lies between two of them."""

import pathlib

import numpy as np

from kgan import files, noise, players, plots
from kgan.metrics import distances


def draw(gan, training, held_out, folder, *, num_samples=40, seed=0):
    """Writes pictures of samples: beside real ones and the nearest ones of the training data.

    Args:
        gan: a `kgan.GAN`.
        training, held_out: as in `evaluate`.
        folder: where `nearest.png` goes, and `interpolation.png`, if the samples are images.
        num_samples: how many samples.
        seed: of the latents.

    Returns:
        The paths that were written.
    """
    folder, real = pathlib.Path(folder), (held_out or training).samples
    samples = gan.generate(num_samples if real.ndim == 4 else 2500, seed=seed)
    samples = samples[0] if gan.num_classes else samples
    if real.ndim != 4 or real.shape[-1] not in (1, 3):
        path = folder / "nearest.png"
        files.write_atomically(path, plots.picture(samples, real[:2500], title="generated"))
        return [path]
    flat = [
        np.reshape(part, (len(part), -1)).astype("float64") for part in (samples, training.samples)
    ]
    indices, _ = distances.nearest(*flat)
    panels = {
        "real": real[:num_samples],
        "generated": samples,
        "nearest of the training data": training.samples[indices],
    }
    plots.save(folder / "nearest.png", plots.grids(panels), dpi=150)
    panels = {
        kind: interpolate(gan, 5, 9, kind=kind, seed=seed) for kind in ("linear", "spherical")
    }
    panels = {f"{kind} interpolation": images for kind, images in panels.items()}
    plots.save(folder / "interpolation.png", plots.grids(panels, columns=9), dpi=150)
    return [folder / "nearest.png", folder / "interpolation.png"]


def interpolate(gan, num_pairs, num_steps, *, kind="spherical", labels=None, seed=0):
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
    inputs = [latents.reshape(-1, gan.latent_dim)]
    if gan.num_classes:
        labels = np.arange(num_pairs) % gan.num_classes if labels is None else np.asarray(labels)
        inputs.append(np.repeat(labels, num_steps).astype("int32"))
    return players.predict(gan.averaged_generator, inputs, 128)
