"""Whether the arguments of a GAN can be used."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from kgan.checks.batches import check_labels
from kgan.checks.devices import (
    check_execution,
    check_optimizers,
    check_scope,
    check_within_scope,
)
from kgan.game import logs, networks, schedules
from kgan.protocols import ChecksSamples, FollowsAnswers, TakesLabels

__all__ = [
    "Rules",
    "check_averaging",
    "check_compile",
    "check_compiled",
    "check_generate",
    "check_known",
    "check_latent_distribution",
    "check_positive_integer",
    "check_seed",
    "check_settings",
]

DISTRIBUTIONS = ("normal", "uniform")
TURNS = ("alternating", "simultaneous")

# What other programs call the arguments of `compile`, by the words in the names.
OPTIMIZERS = {"g": "generator_optimizer", "d": "discriminator_optimizer"}


def check_settings(
    discriminator_steps: int,
    latent_distribution: str,
    num_classes: int | None,
    packing: int,
    seed: int | None,
) -> None:
    """Raises where an argument of `GAN` is out of range."""
    check_positive_integer("discriminator_steps", discriminator_steps)
    check_positive_integer("packing", packing)
    check_latent_distribution(latent_distribution)
    if num_classes is not None:
        check_positive_integer("num_classes", num_classes)
    if seed is not None:
        check_seed(seed)


def check_averaging(ema_decay: Any, ema_half_life: Any) -> None:
    """Raises where it cannot be told how fast the averaged generator is to forget."""
    if ema_decay is not None and ema_half_life is not None:
        raise ValueError(
            "`ema_decay` and `ema_half_life` are two ways to say one thing: give one of them. "
            f"Received: ema_decay={ema_decay!r}, ema_half_life={ema_half_life!r}."
        )
    if ema_decay is not None:
        schedules.check("ema_decay", ema_decay, 0, 1, " None is for no averaging.")
    if ema_half_life is not None:
        schedules.check("ema_half_life", ema_half_life, 0)


def check_latent_distribution(name: str) -> None:
    """Raises for a distribution that latents are not drawn from."""
    if name not in DISTRIBUTIONS:
        raise ValueError(
            f"`latent_distribution` must be one of {DISTRIBUTIONS}. "
            f"Received: latent_distribution={name!r}."
        )


def check_seed(seed: Any) -> None:
    """Raises where `seed` is no integer in [0, 2³¹)."""
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**31:
        raise ValueError(f"`seed` must be an integer in [0, 2**31). Received: seed={seed!r}.")


def _check_integer(name: str, value: Any) -> None:
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise ValueError(f"`{name}` must be made of integers. Received: {name}={value!r}.")


def check_positive_integer(name: str, value: Any) -> None:
    """Raises where `value` of the argument `name` is no integer of at least 1."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise ValueError(f"`{name}` must be an integer of at least 1. Received: {name}={value!r}.")


def check_compiled(gan: Any, method: str) -> None:
    """Raises where a GAN was not compiled, which `method` needs."""
    if not gan.compiled:
        raise ValueError(f"You must call `compile()` before `{method}()`.")


class Rules(NamedTuple):
    """What `compile` was given, apart from optimizers and the loss."""

    penalties: Sequence[Any]
    augmentation: keras.Layer | None
    turns: str
    metrics: Sequence[keras.metrics.Metric] | None
    steps_per_execution: int
    jit_compile: bool | str = "auto"


def check_compile(
    gan: Any, generator_optimizer: Any, discriminator_optimizer: Any, rules: Rules
) -> None:
    """Raises where the arguments of `compile` do not fit these players."""
    _check_penalties(rules.penalties, gan.discriminator)
    _check_lazy(rules.penalties, gan.discriminator)
    _check_turns(rules.turns, gan.discriminator_steps)
    if rules.augmentation is not None:
        _check_augmentation(rules.augmentation, gan.generator.output_shape[1:])
        _check_held_out(rules.augmentation, gan.num_classes)
    check_positive_integer("steps_per_execution", rules.steps_per_execution)
    check_scope(gan.distribute_strategy, gan.generator, gan.discriminator)
    check_execution(gan, rules.steps_per_execution, rules.jit_compile)
    check_optimizers(gan, generator_optimizer, discriminator_optimizer)
    one = generator_optimizer is discriminator_optimizer
    if one and isinstance(generator_optimizer, keras.optimizers.Optimizer):
        raise ValueError(
            "`generator_optimizer` and `discriminator_optimizer` must be two instances: each keeps "
            "the moments of its own player's weights. Received: the same instance twice."
        )
    _check_metrics(rules.metrics or (), gan)
    check_within_scope(gan, rules.metrics or ())


def check_known(unknown: dict[str, Any]) -> None:
    """Raises where `compile` was given arguments that it does not have."""
    for name in unknown:
        if "opt" in name and name[0] in "gd":
            hint = f"Use {OPTIMIZERS[name[0]]}=..."
        elif "opt" in name:
            hint = "A GAN has two: generator_optimizer=... and discriminator_optimizer=..."
        elif "loss" in name:
            hint = (
                "Both players' losses are one object: loss='non_saturating', or another of "
                "kgan.losses"
            )
        else:
            hint = "See help(kgan.GAN.compile)"
        raise TypeError(f"`compile` has no argument `{name}`. {hint}.")


def _check_lazy(penalties: Sequence[Any], discriminator: keras.Model) -> None:
    lazy = [penalty for penalty in penalties if penalty.every > 1]
    loops = (
        one
        for one in networks.layers(discriminator)
        if isinstance(one, keras.layers.RNN) and not one.unroll
    )
    layer = next(loops, None)
    if lazy and layer is not None:
        raise ValueError(
            "`every` above 1 needs a discriminator without loops: TensorFlow cannot differentiate "
            f"one twice within a condition. Build {networks.describe(layer)} with `unroll=True`, "
            f"or use `every=1`. Received: penalties={penalties}."
        )


def _check_turns(turns: str, discriminator_steps: int) -> None:
    if turns not in TURNS:
        raise ValueError(f"`turns` must be one of {TURNS}. Received: turns={turns!r}.")
    if turns == "simultaneous" and discriminator_steps != 1:
        raise ValueError(
            "`turns='simultaneous'` needs `discriminator_steps=1`: both players move at once. "
            f"Received: discriminator_steps={discriminator_steps}."
        )


def _check_augmentation(augmentation: keras.Layer, shape: tuple[int, ...]) -> None:
    images = tf.random.stateless_uniform((2, *shape), (0, 0), -1, 1)
    with tf.GradientTape() as tape:
        tape.watch(images)
        augmented = augmentation(images, training=True)
    if augmented.shape != images.shape:
        raise ValueError(
            "`augmentation` must keep the shape of the samples. Received: a layer that makes "
            f"{tuple(augmented.shape[1:])} of {tuple(shape)}."
        )
    if tape.gradient(augmented, images) is None:
        raise ValueError(
            "`augmentation` must be differentiable, or G cannot learn through it. Received: "
            f"{networks.describe(augmentation)}, which passes no gradient on."
        )


def _check_held_out(augmentation: keras.Layer, num_classes: int | None) -> None:
    """Raises where D could not look at the samples that an augmentation holds out."""
    for layer in networks.of_kind([augmentation], FollowsAnswers):
        held_out = getattr(layer, "held_out", None)
        if held_out is None:
            continue
        samples, labels = held_out
        if (labels is None) != (num_classes is None):
            needed = "no labels" if num_classes is None else "labels, as a pair (samples, labels)"
            raise ValueError(
                f"`held_out` must have {needed}, for D looks at it as at the data. Received: "
                f"{len(samples)} samples {'without' if labels is None else 'with'} labels."
            )
        if labels is not None:
            check_labels(np.asarray(labels), num_classes, len(samples))


def _check_metrics(metrics: Sequence[keras.metrics.Metric], gan: Any) -> None:
    for metric in metrics:
        if not isinstance(metric, keras.metrics.Metric):
            raise TypeError(
                "`metrics` must be a list of keras.metrics.Metric instances, which are updated "
                f"with (real_images, fake_images). Received: {metric!r}."
            )
        if isinstance(metric, ChecksSamples):
            metric.check_samples(gan.generator.output_shape[1:])
        if isinstance(metric, TakesLabels) and metric.needs_labels and not gan.num_classes:
            raise ValueError(
                f"`metrics`: {logs.result_names([metric])[0]!r} is for networks that take labels; "
                "build them with `num_classes`. Received: networks without labels."
            )
    names = logs.result_names(metrics)
    if len(set(names)) < len(names):
        raise ValueError(
            f"`metrics` must have names of their own: give one a `name=...`. Received: {names}."
        )


def _check_penalties(penalties: Sequence[Any], discriminator: keras.Model) -> None:
    mixing = networks.normalizations(discriminator)
    if penalties and mixing:
        raise ValueError(
            "`penalties` are gradients of each sample by itself, and BatchNormalization in the "
            f"discriminator (layer '{mixing[0].name}') mixes the samples of a batch. Use "
            "LayerNormalization or GroupNormalization there, or none, or no penalties. "
            f"Received: penalties={penalties}."
        )


def check_generate(
    gan: Any,
    num_samples: Any,
    labels: Any,
    seed: Any,
    seeds: Any,
    truncation: float | None,
    batch_size: int,
) -> None:
    """Raises where the arguments of `generate` do not fit this GAN or each other."""
    check_positive_integer("batch_size", batch_size)
    for one in [] if seed is None else [seed]:
        _check_integer("seed", one)
    for one in [] if seeds is None else np.asarray(seeds).ravel().tolist():
        _check_integer("seeds", one)
    if num_samples is not None and seeds is not None:
        raise ValueError("`generate` takes either `num_samples` or `seeds`, one of the two.")
    if num_samples is None and seeds is None:
        raise ValueError(
            "`generate` needs to know how many samples to draw: pass `num_samples`, or `labels` or "
            "`seeds`, one for each sample."
        )
    num_samples = len(seeds) if num_samples is None else num_samples
    check_positive_integer("num_samples", num_samples)
    if truncation is not None and not 0 < truncation < math.inf:
        raise ValueError(
            "`truncation` must be a positive number, such as 0.7; leave it out for the latents of "
            f"training. Received: truncation={truncation}."
        )
    if labels is not None and not gan.num_classes:
        raise ValueError(
            "`labels` were asked for, and these networks take none: build them with `num_classes`. "
            f"Received: labels {np.unique(labels).tolist()[:10]}."
        )
    if labels is not None:
        labels = np.broadcast_to(labels, num_samples) if np.ndim(labels) == 0 else labels
        check_labels(labels, gan.num_classes, num_samples)
