"""Whether what a user asked of a GAN can be done."""

import keras
import numpy as np

from kgan.checks.batches import check_labels
from kgan.checks.networks import operations

DISTRIBUTIONS = ("normal", "uniform")


def check_settings(discriminator_steps, latent_distribution, ema_decay, seed):
    """Raises where an argument of `GAN` is out of range."""
    check_positive_integer("discriminator_steps", discriminator_steps)
    check_latent_distribution(latent_distribution)
    if ema_decay is not None and not 0 <= ema_decay < 1:
        raise ValueError(
            "`ema_decay` must be in [0, 1), or None for no averaging. "
            f"Received: ema_decay={ema_decay}."
        )
    if seed is not None:
        check_seed(seed)


def check_latent_distribution(name):
    """Raises for a distribution that latents are not drawn from."""
    if name not in DISTRIBUTIONS:
        raise ValueError(
            f"`latent_distribution` must be one of {DISTRIBUTIONS}. "
            f"Received: latent_distribution={name!r}."
        )


def check_seed(seed):
    """Raises where `seed` is no integer in [0, 2³¹)."""
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**31:
        raise ValueError(f"`seed` must be an integer in [0, 2**31). Received: seed={seed!r}.")


def check_positive_integer(name, value):
    """Raises where `value` of the argument `name` is no integer of at least 1."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise ValueError(f"`{name}` must be an integer of at least 1. Received: {name}={value!r}.")


def check_compile(
    gan, generator_optimizer, discriminator_optimizer, penalties, metrics, steps_per_execution
):
    """Raises where the arguments of `compile` do not fit these players."""
    _check_penalties(penalties, gan.discriminator)
    check_positive_integer("steps_per_execution", steps_per_execution)
    one = generator_optimizer is discriminator_optimizer
    if one and isinstance(generator_optimizer, keras.optimizers.Optimizer):
        raise ValueError(
            "`generator_optimizer` and `discriminator_optimizer` must be two instances: each keeps "
            "the moments of its own player's weights. Received: the same instance twice."
        )
    _check_metrics(metrics or (), gan)
    if gan.distribute_strategy.num_replicas_in_sync > 1:
        raise ValueError(
            "kgan.GAN trains on one device. Received: a tf.distribute strategy with "
            f"{gan.distribute_strategy.num_replicas_in_sync} replicas; compile outside its scope."
        )


def _check_metrics(metrics, gan):
    for metric in metrics:
        if not isinstance(metric, keras.metrics.Metric):
            raise TypeError(
                "`metrics` must be a list of keras.metrics.Metric instances, which are updated "
                f"with (real_images, fake_images). Received: {metric!r}."
            )
        if hasattr(metric, "check_samples"):
            metric.check_samples(gan.generator.output_shape[1:])
        if getattr(metric, "needs_labels", False) and not gan.num_classes:
            raise ValueError(
                f"`metrics`: {metric.name!r} is for networks that take labels; build them with "
                "`num_classes`. Received: networks without labels."
            )
    names = result_names(metrics)
    if len(set(names)) < len(names):
        raise ValueError(
            f"`metrics` must have names of their own: give one a `name=...`. Received: {names}."
        )


def result_names(metrics):
    """The names of what Keras metrics give, in order: of some it is several numbers."""
    return [name for metric in metrics for name in getattr(metric, "result_names", [metric.name])]


def _check_penalties(penalties, discriminator):
    normalization = keras.layers.BatchNormalization
    mixing = [layer for layer in operations(discriminator) if isinstance(layer, normalization)]
    if penalties and mixing:
        raise ValueError(
            "`penalties` are gradients of each sample by itself, and BatchNormalization in the "
            f"discriminator (layer '{mixing[0].name}') mixes the samples of a batch. Use "
            "LayerNormalization or GroupNormalization there, or none, or no penalties. "
            f"Received: penalties={penalties}."
        )


def check_generate(gan, num_samples, labels, seeds, truncation=None):
    """How many samples `generate` is to draw; raises where its arguments do not fit."""
    if (num_samples is None) == (seeds is None):
        raise ValueError("`generate` takes either `num_samples` or `seeds`, one of the two.")
    num_samples = len(seeds) if num_samples is None else num_samples
    check_positive_integer("num_samples", num_samples)
    if truncation is not None and not truncation > 0:
        raise ValueError(
            "`truncation` must be positive, such as 0.7; None for the latents of training. "
            f"Received: truncation={truncation}."
        )
    if labels is not None and not gan.num_classes:
        raise ValueError(
            "`labels` were asked for, and these networks take none: build them with `num_classes`. "
            f"Received: labels {np.unique(labels).tolist()[:10]}."
        )
    if labels is not None:
        labels = np.broadcast_to(labels, num_samples) if np.ndim(labels) == 0 else labels
        check_labels(labels, gan.num_classes, num_samples)
    return num_samples
