"""What may go wrong with a game, told from its configuration before the first step."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from kgan import losses, penalties
from kgan.game import networks, schedules

__all__ = ["Risk", "find_risks"]

# D's steps are so many times as large as G's, in sum; the last where minimax may saturate.
MUCH_LARGER, MUCH_SMALLER, AHEAD = 20.0, 0.1, 4.0
# Learning rates of Adam and its kin, whose steps are about as large as the rate; the second with
# much momentum and no penalty.
LARGE_RATE, LARGE_RATE_WITH_MOMENTUM, MUCH_MOMENTUM = 0.02, 5e-3, 0.9
# Updates of D for one of G, without a penalty.
MANY_STEPS = 10
# Published weights of R1 and R2 go to 150 (Huang et al. 2024, https://arxiv.org/abs/2501.05441).
HEAVY = 300.0
# With fewer samples D memorizes them, without an augmentation.
FEW_SAMPLES = 300
# Optimizers that scale each weight's step by the gradients of it that have been.
ADAPTIVE = ("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion")


@dataclasses.dataclass(frozen=True)
class Risk:
    """Something in a game's configuration that often makes it sick.

    Args:
        names: of the symptoms that it often brings, among `kgan.diagnosis.NAMES`.
        says: what is unusual, in a sentence.
        advice: what to change first.
    """

    names: tuple[str, ...]
    says: str
    advice: str


def find_risks(gan: Any, num_samples: int | None = None) -> list[Risk]:
    """What is unusual about a game, and often makes it sick.

    A risk is no symptom: the game may well come out all right.

    Args:
        gan: a compiled `kgan.GAN`.
        num_samples: how many samples it is trained on, where that is known.

    Returns:
        A list of `Risk`s, most often empty.
    """
    ratio = _ratio(gan)
    found = [*_of_large_steps(gan), _of_ratio(gan, ratio), _of_many_steps(gan)]
    found += [_of_heavy_penalty(gan), _of_unbounded_critic(gan), _of_frozen_end(gan)]
    if isinstance(gan.loss, losses.Minimax) and ratio >= AHEAD and not gan.penalties:
        found.append(
            Risk(
                ("generator_starved", "discriminator_won"),
                f"D takes {ratio:.3g} times as large steps as G, and the loss is 'minimax', which "
                "gives G no gradient while D is winning.",
                "Use the loss 'non_saturating'.",
            )
        )
    if num_samples is not None and num_samples < FEW_SAMPLES and gan.augmentation is None:
        found.append(
            Risk(
                ("discriminator_overfits", "memorizes"),
                f"There are only {num_samples} training samples, and no augmentation: D can "
                "memorize them.",
                "Add augmentation='diff_augment'.",
            )
        )
    return [risk for risk in found if risk is not None]


def _ratio(gan: Any) -> float:
    """How large D's steps are over G's; 1 where that cannot be told."""
    optimizers = gan.discriminator_optimizer, gan.generator_optimizer
    kinds = [type(_inner(one)).__name__ for one in optimizers]
    if kinds[0] != kinds[1] and not all(kind in ADAPTIVE for kind in kinds):
        return 1.0  # Their rates have different meanings.
    of_d, of_g = map(_rate, optimizers)
    if not of_g or not of_d:
        return 1.0  # A rate of 0 is deliberate.
    return gan.discriminator_steps * of_d / of_g


def _of_ratio(gan: Any, ratio: float) -> Risk | None:
    """Whether one player takes much larger steps than the other."""
    of_d, of_g = _rate(gan.discriminator_optimizer), _rate(gan.generator_optimizer)
    steps = f" and discriminator_steps={gan.discriminator_steps}" * (gan.discriminator_steps > 1)
    if ratio > MUCH_LARGER:
        return Risk(
            ("discriminator_won", "generator_starved", "diverged"),
            f"With a learning rate of {of_d:.3g}{steps}, D takes {ratio:.3g} times as large steps "
            f"as G with {of_g:.3g}: D may win.",
            "Lower D's learning rate, or raise G's.",
        )
    if ratio < MUCH_SMALLER:
        return Risk(
            ("discriminator_too_weak", "mode_collapse", "not_converging"),
            f"With a learning rate of {of_g:.3g}, G takes {1 / ratio:.3g} times as large steps as "
            f"D with {of_d:.3g}{steps}: D may be too weak to teach it.",
            "Raise D's learning rate, or lower G's.",
        )
    return None


def _of_large_steps(gan: Any) -> Iterator[Risk]:
    for player in ("generator", "discriminator"):
        optimizer = _inner(getattr(gan, f"{player}_optimizer"))
        if type(optimizer).__name__ not in ADAPTIVE:
            continue
        rate = _rate(optimizer)
        has_momentum = getattr(optimizer, "beta_1", 0.0) >= MUCH_MOMENTUM
        bold = has_momentum and not gan.penalties and rate >= LARGE_RATE_WITH_MOMENTUM
        if rate >= LARGE_RATE or bold:
            beta = f" and beta_1={optimizer.beta_1:.3g}" if has_momentum else ""
            yield Risk(
                ("diverged", "not_converging", "mode_collapse"),
                f"A learning rate of {rate:.3g}{beta} is large for the {player}: the game may "
                "diverge, or circle.",
                "Use 1e-3 or less, with beta_1 of 0.5 or 0.",
            )


def _of_many_steps(gan: Any) -> Risk | None:
    if gan.discriminator_steps < MANY_STEPS or gan.penalties:
        return None
    return Risk(
        ("discriminator_won", "generator_starved", "mode_collapse"),
        f"D makes {gan.discriminator_steps} updates for one of G, without a penalty: D may win.",
        "Use discriminator_steps=1, or add the penalty 'r1'.",
    )


def _of_heavy_penalty(gan: Any) -> Risk | None:
    """Whether a penalty keeps D so flat that G learns little from it."""
    for penalty in gan.penalties:
        if not isinstance(penalty, penalties.R1 | penalties.R2):
            continue
        if not isinstance(penalty.weight, schedules.Schedule) and penalty.weight >= HEAVY:
            name = type(penalty).__name__
            return Risk(
                ("discriminator_too_weak", "mode_collapse"),
                f"The penalty {name} has a weight of {penalty.weight:g}: D may be too flat to "
                "teach G anything.",
                f"Use {name}(1.0), or at most 150.",
            )
    return None


def _of_unbounded_critic(gan: Any) -> Risk | None:
    """Whether nothing keeps a Wasserstein critic from being ever steeper."""
    if not isinstance(gan.loss, losses.Wasserstein) or gan.penalties:
        return None
    for layer in networks.layers(gan.discriminator):
        bound = getattr(layer, "kernel_constraint", None)  # Weights are clipped.
        if bound or type(layer).__name__ == "SpectralNormalization":  # Keras's, or kgan's.
            return None
    return Risk(
        ("diverged", "not_converging", "mode_collapse", "discriminator_too_weak"),
        "The loss is 'wasserstein', and there is no penalty: nothing bounds how steep D is.",
        "Add the penalty 'wasserstein_gradient_penalty'.",
    )


def _of_frozen_end(gan: Any) -> Risk | None:
    """Whether the layer that makes the samples does not learn."""
    last = next((layer for layer in reversed(gan.generator.layers) if layer.weights), None)
    if last is None or last.trainable:
        return None
    return Risk(
        ("discriminator_won", "generator_starved", "mode_collapse"),
        f"The last layer of G that has weights, {last.name!r}, does not learn.",
        f"Set gan.generator.get_layer({last.name!r}).trainable = True before `compile`.",
    )


def _inner(optimizer: Any) -> Any:
    """The optimizer that a `LossScaleOptimizer` has within."""
    is_scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    return optimizer.inner_optimizer if is_scaled else optimizer


def _rate(optimizer: Any) -> float:
    """The learning rate as it is now, over the batches whose gradients make one step."""
    inner = _inner(optimizer)
    now = float(tf.convert_to_tensor(inner.learning_rate))  # It may be mirrored.
    rate = float(f"{now:.6g}")  # It comes as float32.
    return rate / (getattr(inner, "gradient_accumulation_steps", None) or 1)
