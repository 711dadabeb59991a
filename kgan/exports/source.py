"""What is exported: a generator in float32, and what it takes to draw its inputs."""

import copy
import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan import checks, images
from kgan.game import networks, noise, replicas

__all__ = ["Source", "in_float32", "source_of"]


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """A generator, and the distribution of its inputs.

    Args:
        generator: a built Functional or Sequential model, `latents` or `[latents, labels]` ->
            samples, in float32.
        latent_distribution: `"normal"` or `"uniform"`, as in `kgan.GAN`.
        class_counts: how often each class was in the training data, integers `(num_classes,)`;
            None for a generator without labels.
        class_names: what the classes are called, in the order of their labels; () if unknown.
    """

    generator: keras.Model
    latent_distribution: str = "normal"
    class_counts: np.ndarray | None = None
    class_names: tuple[str, ...] = ()

    @property
    def latent_dim(self) -> int:
        """How many latents make a sample."""
        return self.generator.inputs[0].shape[-1]

    @property
    def num_classes(self) -> int:
        """How many classes there are; 0 without labels."""
        return 0 if self.class_counts is None else len(self.class_counts)

    @property
    def class_frequencies(self) -> np.ndarray:
        """The share of each class, floats; equal ones where nothing was counted."""
        counts = np.asarray(self.class_counts, "float64")
        return counts / counts.sum() if counts.sum() else np.full(len(counts), 1 / len(counts))

    @property
    def makes_images(self) -> bool:
        """Whether the samples are pictures, `(height, width, 1, 3 or 4)`."""
        return images.is_image(self.generator.output_shape[1:])

    @property
    def output_name(self) -> str:
        """What an export calls what it makes."""
        return "images" if self.makes_images else "samples"

    def specs(self, batch_size: int | None = None) -> list[tf.TensorSpec]:
        """The inputs: `latents`, and `labels` where there are classes; a list of TensorSpecs."""
        latents = tf.TensorSpec((batch_size, self.latent_dim), "float32", name="latents")
        labels = tf.TensorSpec((batch_size,), "int32", name="labels")
        return [latents, labels] if self.num_classes else [latents]

    def inputs(self, num_samples: Any, seed: Any) -> list[Any]:
        """Inputs as training draws them, a list of tensors, those of `GAN.generate(seed=seed)`."""
        seed = tf.cast(seed, "int64")
        shape = (num_samples, self.latent_dim)
        latents = noise.latents(self.latent_distribution, shape, tf.stack([seed, 0]))
        if not self.num_classes:
            return [latents]
        return [latents, noise.labels(self.class_counts, num_samples, tf.stack([seed, 1]))]

    def draw(self, *inputs: Any) -> Any:
        """Samples, in [-1, 1] where they are images."""
        return self.generator(list(inputs) if self.num_classes else inputs[0], training=False)


def source_of(
    generator: Any,
    latent_distribution: str = "normal",
    class_counts: Any = None,
    class_names: Sequence[str] = (),
    num_classes: int | None = None,
) -> Source:
    """The `Source` for a generator as a user has it.

    Raises:
        TypeError, ValueError: if it is none, or the other arguments do not fit it.
    """
    if not isinstance(generator, keras.Model) or not getattr(generator, "inputs", None):
        raise TypeError(
            "`generator` must be a built Functional or Sequential Keras model. Of a subclassed one "
            "make it so: latents = keras.Input((latent_dim,)); keras.Model(latents, "
            f"generator(latents)). Received: generator={generator!r}."
        )
    inputs, outputs = generator.inputs, generator.outputs
    if len(inputs[0].shape) != 2 or len(inputs) > 2 or len(outputs) != 1:
        raise ValueError(
            "`generator` must take latents of shape (batch, latent_dim), and labels or nothing "
            f"else, and have one output. Received: {len(inputs)} inputs, of which the first is "
            f"{inputs[0].shape}, and {len(outputs)} outputs."
        )
    checks.check_latent_distribution(latent_distribution)
    num_classes = num_classes or networks.num_classes(generator)
    if num_classes and class_counts is None:
        class_counts = np.zeros(num_classes, "int64")
    for name, value in [("class_counts", class_counts), ("class_names", class_names or None)]:
        if value is not None and len(value) != (num_classes or 0):
            raise ValueError(
                f"`{name}` must have an entry for each of the generator's {num_classes or 0} "
                f"classes. Received: {len(value)} of them."
            )
    counts = None if class_counts is None else np.asarray(class_counts)
    return Source(in_float32(generator), latent_distribution, counts, tuple(class_names))


def in_float32(generator: keras.Model) -> keras.Model:
    """`generator`, or where any of it computes in something else a copy that does in float32.

    A copy too of one whose weights are on several devices, as no export can hold those.
    """
    if not _not_in_float32(generator) and not any(map(replicas.is_mirrored, generator.variables)):
        return generator

    def clone(layer):
        return layer.__class__.from_config(_with_float32(copy.deepcopy(layer.get_config())))

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")  # Of what layers make within themselves.
    try:
        cloned = keras.models.clone_model(generator, clone_function=clone)
    finally:
        keras.config.set_dtype_policy(policy)
    cloned.set_weights(generator.get_weights())
    if mixed := _not_in_float32(cloned):
        raise ValueError(
            f"`generator` cannot be made to compute in float32: its layer '{mixed[0].name}' does "
            f"not take the policy from its config. Received: {mixed[0].dtype_policy.name}."
        )
    return cloned


def _not_in_float32(network):
    """The layers, and the layers in them, that compute in other floats."""
    others = ("float16", "bfloat16", "float64")
    layers = networks.layers(network)
    return [layer for layer in layers if layer.compute_dtype in others]


def _with_float32(config):
    """A layer's config, and those of the layers in it, with the policy float32."""
    if isinstance(config, list):
        return [_with_float32(part) for part in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "DTypePolicy":
        return {**config, "config": {"name": "float32"}}
    return {key: _with_float32(part) for key, part in config.items()}
