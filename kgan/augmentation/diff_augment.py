"""Colour, translation and cutout of one strength."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from kgan.game import schedules
from kgan.lookup import by_name

__all__ = ["DiffAugment"]

POLICIES = ("color", "translation", "cutout")


@keras.saving.register_keras_serializable("kgan")
class DiffAugment(keras.layers.Layer):
    """Random colour, translation and cutout, for training on few images.

    - `"color"`: brightness + U(-1/2, 1/2), saturation · U(0, 2), contrast · U(1/2, 3/2);
    - `"translation"`: by up to 1/8 of height and width, zeros moving in;
    - `"cutout"`: a square of half the height and width becomes 0, mid-grey.

    Zhao et al. 2020, https://arxiv.org/abs/2006.10738, section 4. Use it where images are few.

    Args:
        policies: which of these, a sequence of names.
        strength: how much of each, in [0, 1]: 1 is the paper's, 0 changes nothing. A number, or a
            `keras.optimizers.schedules.LearningRateSchedule` of it, evaluated at `gan.step`.
        seed: of its own random numbers where no GAN sets them.

    Input and output shape: `(batch, height, width, channels)`, images in [-1, 1]. Of four channels
    the last is opacity, which has no colour; it moves and is cut out with the others.

    Raises:
        ValueError: for an unknown policy, a strength out of range, or input that is not images.

    Example:

    >>> augment = kgan.augmentation.DiffAugment()
    >>> images = kgan.datasets.digits(batch_size=64).samples[:16]
    >>> augment(images, training=True).shape
    TensorShape([16, 8, 8, 1])
    """

    def __init__(
        self,
        policies: Sequence[str] = POLICIES,
        strength: schedules.Number = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})  # Samples are, under any policy.
        if isinstance(policies, str) or not isinstance(policies, Sequence):
            raise ValueError(
                f"`policies` must be a sequence of some of {', '.join(POLICIES)}. "
                f"Received: policies={policies!r}."
            )
        for policy in policies:
            by_name(policy, dict.fromkeys(POLICIES), "policies")
        schedules.check("strength", strength, 0)
        if not isinstance(strength, schedules.Schedule) and strength > 1:
            raise ValueError(f"`strength` must be in [0, 1]. Received: strength={strength!r}.")
        self.policies = tuple(policies)
        self.strength = strength
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._strength = self.add_weight(
            name="strength",
            shape=(),
            initializer=keras.initializers.Constant(float(schedules.value_at(strength, 0))),
            trainable=False,
            dtype="float32",
        )

    def build(self, input_shape: Any) -> None:
        if len(input_shape) != 4:
            raise ValueError(
                "DiffAugment is for images, (batch, height, width, channels). "
                f"Received: samples of shape {tuple(input_shape)}."
            )

    def begin_step(self, step: Any) -> None:
        """Takes the strength that it is to have at `step`; `GAN.train_step` calls this."""
        self._strength.assign(schedules.value_at(self.strength, step))

    def call(self, images: Any, training: bool | None = None) -> Any:
        if not training:
            return images
        for policy in self.policies:
            images = getattr(self, f"_{policy}")(images)
        return images

    def _uniform(self, images: Any, low: float, high: float, sizes: int = 1) -> Any:
        """One number per sample, `(batch, sizes)`."""
        shape = (ops.shape(images)[0], sizes)
        return keras.random.uniform(shape, low, high, dtype="float32", seed=self.seed_generator)

    def _color(self, images: Any) -> Any:
        if images.shape[-1] == 4:  # Opacity is no colour.
            return ops.concatenate([self._color(images[..., :3]), images[..., 3:]], axis=-1)
        brightness, saturation, contrast = (
            ops.cast(self._strength * part[:, None, None], images.dtype)
            for part in ops.split(self._uniform(images, -1, 1, sizes=3), 3, axis=1)
        )
        images = images + brightness / 2
        grey = ops.mean(images, axis=-1, keepdims=True)
        images = grey + (images - grey) * (1 + saturation)
        level = ops.mean(images, axis=(1, 2, 3), keepdims=True)
        return level + (images - level) * (1 + contrast / 2)

    def _translation(self, images: Any) -> Any:
        for axis, moved in ((1, "bij,bjwc->biwc"), (2, "bij,bhjc->bhic")):
            size = images.shape[axis]
            furthest = ops.floor(self._strength * size / 8 + 0.5)
            shift = ops.floor(self._uniform(images, 0, 1) * (2 * furthest + 1)) - furthest
            places = ops.arange(size, dtype="int32") + ops.cast(shift, "int32")
            # A row that comes from outside is one_hot of no place: zeros.
            images = ops.einsum(moved, tf.one_hot(places, size, dtype=images.dtype), images)
        return images

    def _cutout(self, images: Any) -> Any:
        inside = []
        for axis in (1, 2):
            size = images.shape[axis]
            length = ops.floor(self._strength * size / 2 + 0.5)
            # As many places before the middle as after it.
            center = ops.floor(self._uniform(images, 0, 1) * (size + 1 - length % 2))
            place = ops.arange(size, dtype="float32") - (center - ops.floor(length / 2))
            inside.append(ops.logical_and(place >= 0, place < length))
        hole = ops.logical_and(inside[0][:, :, None, None], inside[1][:, None, :, None])
        return images * ops.cast(ops.logical_not(hole), images.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        config = {"policies": list(self.policies), "seed": self.seed}
        config["strength"] = schedules.serialize(self.strength)
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DiffAugment":
        return cls(**{**config, "strength": schedules.deserialize(config["strength"])})
