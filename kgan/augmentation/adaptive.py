"""Augmentation that is as strong as D overfits."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kgan.augmentation import transforms as moves
from kgan.augmentation.checking import OF_IMAGES, OF_OTHERS, check_adaptive
from kgan.game import looking, replicas, schedules

__all__ = ["Adaptive"]

# After how many steps the probability is adapted.
INTERVAL = 4
# Where it ends if nothing can drive it: R3GAN's, https://arxiv.org/abs/2501.05441.
SCHEDULED = 0.55


@keras.saving.register_keras_serializable("kgan")
class Adaptive(keras.layers.Layer):
    """Transforms each sample with a probability that follows how much D overfits.

    Use it for few images: 50 to some thousands. Karras et al. 2020,
    https://arxiv.org/abs/2006.06676 (ADA). Each transform is applied with probability p, and every
    fourth step p moves towards what holds one of two signs of overfitting at its target:

        r_t = E[sign(D(x) - threshold)]                                       target 0.6
        r_v = (E[D(x)] - E[D(held out)]) / (E[D(x)] - E[D(G(z))])             target 0.5

    r_v is used where `held_out` is given. Without it, a loss whose logits have no sign, such as
    `relativistic`, shows no r_t: p then rises at its rate to 0.55, as in R3GAN.

    The transforms, on images:

    - `"flip"`: left and right change places, in one of two cases;
    - `"rotate90"`: a turn by 0, 90, 180 or 270°; by 0 or 180° where the image is not square;
    - `"translate"`: by whole pixels, U(-1/8, 1/8) of the size, and by N(0, 1/8) of it;
    - `"scale"`: 2^N(0, 0.2), and the same of height against width;
    - `"rotate"`: by any angle;
    - `"color"`: brightness + N(0, 0.2), contrast · 2^N(0, 0.5), dark for bright, hue by any angle,
      saturation · 2^N(0, 1); of grey images the first three.

    Sequences and volumes are flipped along each axis, and shifted by whole places.

    Args:
        transforms: which, a sequence of these names. `None`: all that suit the samples.
        target: of r_t or r_v, in (0, 1). `None`: 0.6 or 0.5.
        images_to_full: how many real images it takes p at least to go from 0 to 1: the paper's
            500,000, and 100,000 for fine-tuning. Less where training is short.
        probability: a number in [0, 1], or a `keras.optimizers.schedules.LearningRateSchedule`,
            evaluated at `gan.step`: p is then this, and adapts to nothing. `None`: it adapts.
        initial: p at the start.
        most: the largest p: at 0.8 and below G does not learn to draw what is augmented
            (section 2.2).
        held_out: samples `(num_samples, ...)` like those of the data that nobody trains on, the
            pair of them and their labels, or a `kgan.datasets.Dataset`. They are not saved with the
            layer.
        seed: of its own random numbers where no GAN sets them.

    Input and output shape: `(batch, ..., channels)`, images, sequences or volumes in [-1, 1].

    Raises:
        ValueError: for an unknown transform, a number out of range, or samples that are points or
            vectors.

    Example:

    >>> augment = kgan.augmentation.Adaptive(initial=0.5)
    >>> images = kgan.datasets.digits(batch_size=64).samples[:16]
    >>> augment(images, training=True).shape
    TensorShape([16, 8, 8, 1])
    """

    def __init__(
        self,
        transforms: Sequence[str] | None = None,
        *,
        target: float | None = None,
        images_to_full: int = 500_000,
        probability: schedules.Number | None = None,
        initial: float = 0.0,
        most: float = 0.8,
        held_out: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})  # Samples are, under any policy.
        check_adaptive(transforms, target, images_to_full, probability, initial, most)
        self.transforms = None if transforms is None else tuple(transforms)
        self.target = target
        self.images_to_full = images_to_full
        self.probability = probability
        self.initial = initial
        self.most = most
        self.held_out: Any = None
        if held_out is not None:
            self.held_out = _on_cpu(*looking.held_out_pair(held_out))
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        start = initial if probability is None else float(schedules.value_at(probability, 0))
        self.p = self._counter("p", start)
        self._sums = self._counter("sums", 0.0, (3,))
        self._num_images = self._counter("num_images", 0.0)

    def _counter(self, name, start, shape=()):
        options = {"trainable": False, "dtype": "float32", "name": name}
        return self.add_weight(
            shape=shape, initializer=keras.initializers.Constant(start), **options
        )

    def build(self, input_shape: Any) -> None:
        fitting = OF_IMAGES if len(input_shape) == 4 else OF_OTHERS
        if not 3 <= len(input_shape) <= 5:
            raise ValueError(
                "Adaptive is for images, sequences and volumes, (batch, ..., channels): points and "
                "vectors have nothing to flip. Leave `augmentation` out. "
                f"Received: samples of shape {tuple(input_shape)[1:]}."
            )
        for name in self.transforms or ():
            if name not in fitting:
                raise ValueError(
                    f"`transforms` of samples of shape {tuple(input_shape)[1:]} must be among "
                    f"{', '.join(fitting)}. Received: {name!r}."
                )
        self._applied = fitting if self.transforms is None else self.transforms
        if self.held_out is not None and self.held_out[0].shape[1:] != tuple(input_shape)[1:]:
            raise ValueError(
                f"`held_out` must hold samples of shape {tuple(input_shape)[1:]}, as the data. "
                f"Received: shape {self.held_out[0].shape[1:]}."
            )

    # How p follows

    def begin_step(self, step: Any) -> None:
        """Sets p for `step`; `GAN.train_step` calls this."""
        if self.probability is not None:
            self.p.assign(schedules.value_at(self.probability, step))
            return
        is_due = tf.logical_and(tf.equal(step % INTERVAL, 0), self._num_images > 0)
        change = self._direction() * self._num_images / self.images_to_full
        changed = ops.clip(self.p + change, 0.0, self.most)
        self.p.assign(tf.where(is_due, changed, self.p))
        for counter in (self._sums, self._num_images):
            counter.assign(tf.where(is_due, tf.zeros_like(counter), counter))

    def _direction(self):
        """1 where D overfits more than the target allows, -1 where less."""
        if self.held_out is None:
            return tf.sign(self._sums[0] / self._num_images - (self.target or 0.6))
        real, other, fake = tf.unstack(self._sums / self._num_images)
        ratio = tf.math.divide_no_nan(real - other, real - fake)
        return tf.sign(ratio - (self.target or 0.5))

    def observe(
        self,
        real_logits: Any,
        fake_logits: Any,
        threshold: float | None,
        share: replicas.Share,
        look: Callable[[Any, Any], Any],
    ) -> None:
        """Takes note of D's answers in one update; `GAN.train_step` calls this.

        Args:
            real_logits, fake_logits: what D has said.
            threshold: the logit above which it says "real"; None where there is none.
            share: the rows of the batch that this replica has.
            look: a function from samples and labels to logits, by which D sees them as it sees
                those of the data.
        """
        if self.probability is not None:
            return
        if self.held_out is not None:
            means = [real_logits, look(*self._some_held_out(share)), fake_logits]
        elif threshold is not None:
            means = [tf.sign(real_logits - threshold), [0.0], [0.0]]
        else:  # More than the target until p has come to 0.55, and then less.
            means = [[tf.where(self.p < SCHEDULED, 1.0, 0.0)], [0.0], [0.0]]
        number = ops.cast(share.total, "float32")
        seen = replicas.total(share.weighted(tf.stack([tf.reduce_mean(one) for one in means])))
        self._sums.assign_add(number * seen)
        self._num_images.assign_add(number)

    def _some_held_out(self, share):
        """As many held-out samples as this replica has of the data, and their labels."""
        samples, labels = self.held_out
        shape = (share.number,)
        rows = keras.random.uniform(shape, 0, len(samples), seed=self.seed_generator)
        rows = tf.minimum(ops.cast(rows, "int32"), len(samples) - 1)
        return tf.gather(samples, rows), None if labels is None else tf.gather(labels, rows)

    # What is done to samples

    def call(self, samples: Any, training: bool | None = None) -> Any:
        if not training:
            return samples
        if len(samples.shape) != 4:
            return self._moved(samples)
        if set(self._applied) - {"color"}:
            samples = moves.resample(samples, *self._places(samples))
        return self._recolored(samples) if "color" in self._applied else samples

    def _moved(self, samples):
        rank = len(samples.shape) - 2
        uniform = self._draw(keras.random.uniform, samples, 4 * rank)
        for axis, draws in enumerate(tf.split(uniform, rank, axis=1), start=1):
            flipped, sides, shifted, places = tf.unstack(draws, axis=1)
            flip = self._is_on("flip", flipped) & (sides < 0.5)
            furthest = samples.shape[axis] / 8
            shift = tf.round((2 * places - 1) * furthest)
            shift = ops.cast(tf.where(self._is_on("translate", shifted), shift, 0.0), "int32")
            samples = moves.move(samples, axis, flip, shift)
        return samples

    def _places(self, images):
        """The matrices and shifts of `transforms.resample`."""
        size = np.array(images.shape[1:3], "float32")
        uniform = tf.unstack(self._draw(keras.random.uniform, images, 12), axis=1)
        normal = tf.unstack(self._draw(keras.random.normal, images, 4), axis=1)
        flipped, sides, turned, quarters, moved, down, right, scaled, stretched, *rest = uniform
        rotated, angle, shifted = rest
        zero, one = tf.zeros_like(sides), tf.ones_like(sides)
        sign = tf.where(self._is_on("flip", flipped) & (sides < 0.5), -one, one)
        quarters = tf.floor(4 * quarters) if size[0] == size[1] else 2 * tf.floor(2 * quarters)
        turn = tf.where(self._is_on("rotate90", turned), quarters * math.pi / 2, zero)
        turn += tf.where(self._is_on("rotate", rotated), 2 * math.pi * angle, zero)
        grown = tf.where(self._is_on("scale", scaled), 0.2 * normal[0], zero)
        stretch = tf.where(self._is_on("scale", stretched), 0.2 * normal[1], zero)
        cosine, sine = tf.cos(turn), tf.sin(turn)
        high, wide = 2.0 ** (grown + stretch), 2.0 ** (grown - stretch)
        rows = [cosine * high, -sine * wide * sign], [sine * high, cosine * wide * sign]
        matrices = tf.stack([tf.stack(row, axis=1) for row in rows], axis=1)
        # Rounded, for a quarter turn to be exact.
        matrices = tf.where(tf.abs(matrices) < 1e-6, 0.0, matrices)
        whole = tf.round((2 * tf.stack([down, right], axis=1) - 1) * size / 8)
        whole = tf.where(self._is_on("translate", moved)[:, None], whole, 0.0)
        parts = tf.stack(normal[2:], axis=1) * size / 8
        return matrices, whole + tf.where(self._is_on("translate", shifted)[:, None], parts, 0.0)

    def _recolored(self, images):
        uniform = tf.unstack(self._draw(keras.random.uniform, images, 7), axis=1)
        normal = tf.unstack(self._draw(keras.random.normal, images, 3), axis=1)
        on = [self._is_on("color", draws) for draws in uniform[:5]]
        brightness = tf.where(on[0], 0.2 * normal[0], 0.0)
        contrast = 2.0 ** tf.where(on[1], 0.5 * normal[1], 0.0)
        invert = on[2] & (uniform[5] < 0.5)
        if images.shape[-1] not in (3, 4):
            matrix = tf.where(invert, -contrast, contrast)[:, None, None] * tf.eye(images.shape[-1])
            return moves.recolor(images, matrix, brightness)
        hue = tf.where(on[3], 2 * math.pi * uniform[6], 0.0)
        saturation = 2.0 ** tf.where(on[4], normal[2], 0.0)
        matrices = moves.color_matrices(contrast, invert, hue, saturation)
        return moves.recolor(images, matrices, brightness)

    def _draw(self, distribution, samples, number):
        """So many random numbers for each sample, `(batch, number)`."""
        shape = (ops.shape(samples)[0], number)
        return distribution(shape, dtype="float32", seed=self.seed_generator)

    def _is_on(self, name, uniform):
        """Whether a transform is applied to each sample."""
        return (uniform < self.p) if name in self._applied else tf.zeros_like(uniform, "bool")

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        names = ("transforms", "target", "images_to_full", "initial", "most", "seed")
        config = {name: getattr(self, name) for name in names}
        config["probability"] = schedules.serialize(self.probability)
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Adaptive":
        return cls(**{**config, "probability": schedules.deserialize(config["probability"])})


def _on_cpu(samples, labels):
    """Both as tensors of the CPU: a GPU has no room for them."""
    with tf.device("CPU:0"):
        return tf.constant(samples), None if labels is None else tf.constant(labels)
