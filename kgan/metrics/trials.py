"""Classifiers that are trained with and without generated samples, alike in all else."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kgan.metrics import small_classifier
from kgan.metrics.estimates import checked

__all__ = ["ARMS", "Pair", "Trial", "checked_pair", "flipped_and_shifted"]

# Generated samples for so many updates are in memory at once.
ROUND = 32


ARMS = {
    "generated": ("generated", "generated"),
    "real": ("real", "real"),
    "both": ("generated", "real"),
    "augmented": ("real", "augmented"),
    "augmented_both": ("generated", "augmented"),
}
"""What the two halves of a batch are, by the name of the arm. Where the generated samples are only
copies of real ones, `both` is `real`, and `augmented_both` is `augmented`."""

Pair = tuple[np.ndarray, np.ndarray]


class Trial:
    """One classifier per arm and seed, all trained and scored in the same way.

    Args:
        real, held_out: pairs of samples and labels, as `checked_pair` returns them.
        draw: `draw(number, seed=seed)` returns a pair of generated samples and labels.
        num_classes: of the labels.
        num_updates, batch_size: of each classifier's training.
    """

    def __init__(
        self,
        real: Pair,
        held_out: Pair,
        draw: Callable[..., Any],
        num_classes: int,
        num_updates: int,
        batch_size: int,
    ) -> None:
        self._mean, self._spread = real[0].mean(), real[0].std() or 1.0
        self._real, self._labels = self._scaled(real[0]), real[1]
        self._held_out, self._held_out_labels = self._scaled(held_out[0]), held_out[1]
        self._draw, self._num_classes = draw, num_classes
        self._num_updates, self._batch_size = num_updates, batch_size
        self._shape = real[0].shape[1:]
        self._learner = small_classifier.learner(self._shape, num_classes, num_updates)
        is_image = len(self._shape) == 3
        self._arms = {n: halves for n, halves in ARMS.items() if is_image or "augmented" not in n}

    def run(self, seed: int) -> dict[str, np.ndarray]:
        """For each arm's name which held-out samples its classifier gets right, booleans."""
        learner = self._learner
        learner.restart(seed)
        states = dict.fromkeys(self._arms, learner.state)
        for first in range(0, self._num_updates, ROUND):
            updates = range(first, min(first + ROUND, self._num_updates))
            generated = self._generated(len(updates), seed * self._num_updates + first)
            for name, halves in self._arms.items():
                learner.state = states[name]
                for update, *pair in zip(updates, *generated, strict=True):
                    learner.update(*self._batch(halves, pair, [seed, update]))
                states[name] = learner.state
        return {name: self._right(state) for name, state in states.items()}

    def _scaled(self, samples):
        return (samples - self._mean) / self._spread

    def _generated(self, number, seed):
        """Fresh samples and labels for so many updates, one row per update."""
        pair = self._draw(number * self._batch_size, seed=seed)
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ValueError(
                "`generate` must return a pair of samples and labels, as `gan.generate` of a "
                f"conditional GAN does. Received: {type(pair).__name__}."
            )
        samples, labels = checked_pair(*pair, "generate", self._shape, self._num_classes)
        rows = (number, self._batch_size)
        return self._scaled(samples).reshape(*rows, *self._shape), labels.reshape(rows)

    def _batch(self, kinds, generated, seed):
        """Samples and labels for an update; its random numbers are the same for every arm."""
        random = np.random.default_rng(seed)
        rows = random.integers(len(self._real), size=self._batch_size)
        middle = self._batch_size // 2
        halves = []
        for kind, half in zip(kinds, (slice(middle), slice(middle, None)), strict=True):
            if kind == "generated":
                halves.append([part[half] for part in generated])
                continue
            samples = self._real[rows[half]]
            if kind == "augmented":
                samples = flipped_and_shifted(samples, random)
            halves.append([samples, self._labels[rows[half]]])
        return [np.concatenate(parts) for parts in zip(*halves, strict=True)]

    def _right(self, state):
        self._learner.state = state
        return self._learner.classes(self._held_out) == self._held_out_labels


def checked_pair(
    samples: Any, labels: Any, name: str, shape: tuple[int, ...], num_classes: int | None = None
) -> Pair:
    """Samples as float32 and their labels as int32.

    Args:
        samples, labels: what is to be checked.
        name: of the argument that they come from.
        shape: of one sample.
        num_classes: the labels are less than this; None: of any size.

    Raises:
        ValueError: if they do not belong together, or are of another shape or class.
    """
    samples, labels = np.asarray(samples, "float32"), np.asarray(labels)
    checked(samples, name)
    if samples.shape[1:] != shape:
        raise ValueError(
            f"`{name}` must be samples of shape {shape}, as `real` is. "
            f"Received: {samples.shape[1:]}."
        )
    if labels.shape != (len(samples),) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"The labels of `{name}` must be {len(samples)} integers, one per sample. "
            f"Received: {labels.dtype} of shape {labels.shape}."
        )
    if labels.min() < 0 or labels.max() >= (num_classes or math.inf):
        classes = f"in 0..{num_classes - 1}, those of real data" if num_classes else "at least 0"
        raise ValueError(
            f"The labels of `{name}` must be {classes}. Received: {labels.min()}..{labels.max()}."
        )
    return samples, labels.astype("int32")


def flipped_and_shifted(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Images, half of them flipped left to right, each shifted at random, its edges repeated.

    Args:
        images: `(num_images, height, width, channels)`.
        random: where the random numbers come from.

    Returns:
        An array of the same shape.
    """
    num_images, *sides, _ = images.shape
    most = [max(1, round(side / 16)) for side in sides]
    places = [
        np.clip(random.integers(-far, far + 1, (num_images, 1)) + np.arange(side), 0, side - 1)
        for far, side in zip(most, sides, strict=True)
    ]
    is_flipped = random.random(num_images) < 0.5
    places[1][is_flipped] = places[1][is_flipped, ::-1]
    return images[np.arange(num_images)[:, None, None], places[0][:, :, None], places[1][:, None]]
