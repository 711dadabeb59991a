"""Sines and cosines of low-dimensional points."""

from typing import Any

import keras
import numpy as np
from keras import ops

__all__ = ["FourierFeatures"]


@keras.saving.register_keras_serializable("kgan")
class FourierFeatures(keras.layers.Layer):
    """Appends sines and cosines of many frequencies to low-dimensional points.

        y = [x, (lowest / |w|)^decay · sin(x · w), (lowest / |w|)^decay · cos(x · w)]

    A network of plain layers is slow to see what is small beside the distances between points;
    with these it sees both: Tancik et al. 2020, https://arxiv.org/abs/2006.10739. The directions of
    the frequencies w are random, their lengths spread evenly, as logarithms, from `lowest` to
    `highest`; they do not learn.

    Args:
        num_frequencies: how many.
        lowest, highest: of the lengths of w, in radians a unit; the finest detail of interest is
            about 1 / `highest`.
        decay: how much less what is fine weighs, so that a gradient penalty does not see it alone.
        seed: of the directions.

    Input shape: `(batch, size)`. Output shape: `(batch, size + 2 * num_frequencies)`.

    Raises:
        ValueError: if the frequencies are not positive, or `lowest` is above `highest`.
    """

    def __init__(
        self,
        num_frequencies: int = 64,
        lowest: float = 1.0,
        highest: float = 50.0,
        decay: float = 0.5,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)  # In bfloat16 a high wave is another one.
        if not 0 < lowest <= highest:
            raise ValueError(
                "`lowest` must be positive, and at most `highest`. "
                f"Received: lowest={lowest}, highest={highest}."
            )
        self.num_frequencies = num_frequencies
        self.lowest = lowest
        self.highest = highest
        self.decay = decay
        self.seed = seed

    def build(self, input_shape: tuple[Any, ...]) -> None:
        random = np.random.default_rng(self.seed)
        directions = random.normal(size=(input_shape[-1], self.num_frequencies))
        lengths = np.geomspace(self.lowest, self.highest, self.num_frequencies)
        frequencies = directions / np.linalg.norm(directions, axis=0) * lengths
        self.frequencies = self.add_weight(
            shape=frequencies.shape,
            # Not assigned: within another layer Keras may build where that is undone.
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(frequencies, dtype),
            trainable=False,
            autocast=False,
            dtype="float32",
            name="frequencies",
        )
        self.scales = (self.lowest / lengths) ** self.decay

    def call(self, inputs: Any) -> Any:
        angles = ops.matmul(ops.cast(inputs, "float32"), self.frequencies)
        scales = ops.convert_to_tensor(self.scales, "float32")
        waves = ops.concatenate([ops.sin(angles) * scales, ops.cos(angles) * scales], axis=-1)
        return ops.concatenate([inputs, ops.cast(waves, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*input_shape[:-1], input_shape[-1] + 2 * self.num_frequencies)

    def get_config(self) -> dict[str, Any]:
        names = ("num_frequencies", "lowest", "highest", "decay", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
