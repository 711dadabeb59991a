"""What may go wrong with a game, told before its first step."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan import losses, penalties
from kgan.diagnosis.readings import Reading
from kgan.game import networks, ranges, schedules

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
# Samples that are nearer to each other than this, before the first step, differ by rounding alone.
LEAST_VARIETY = 1e-6
# The logits of a new D for real samples usually spread by less than this.
LARGE_SPREAD = 5.0
# D can still judge samples with less noise than this: the share that dropout leaves out, and the
# standard deviation of normal noise over half the range of samples.
MUCH_DROPPED, MUCH_NOISE = 0.5, 0.5
# A constraint that leaves less of D's weights than this part changes what they were made for.
LEFT = 0.5
# Optimizers that scale each weight's step by the gradients of it that have been.
ADAPTIVE = ("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion")


@dataclasses.dataclass(frozen=True)
class Risk:
    """Something unusual about a game that often makes it sick.

    Args:
        names: of the symptoms that it often brings, among `kgan.diagnosis.NAMES`.
        says: what is unusual, in a sentence.
        advice: what to change first.
    """

    names: tuple[str, ...]
    says: str
    advice: str


def find_risks(
    gan: Any, num_samples: int | None = None, first: Reading | None = None
) -> list[Risk]:
    """What is unusual about a game, and often makes it sick.

    A risk is no symptom: the game may well come out all right.

    Args:
        gan: a compiled `kgan.GAN`.
        num_samples: how many samples it is trained on, where that is known.
        first: the reading made before its first step. Without it, nothing is said about samples
            that are all equal, or logits that are far apart.

    Returns:
        A list of `Risk`s, most often empty.
    """
    ratio = _ratio(gan)
    found = [*_of_large_steps(gan), _of_ratio(gan, ratio), _of_many_steps(gan)]
    found += [_of_heavy_penalty(gan), _of_unbounded_critic(gan), _of_frozen_end(gan)]
    found += [*_of_wrong_losses(gan), _of_noisy_inputs(gan), _of_constraints(gan)]
    if first is not None:
        found += _of_start(first)
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
            beta = f" with beta_1={optimizer.beta_1:.3g}" if has_momentum else ""
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


def _of_wrong_losses(gan: Any) -> Iterator[Risk]:
    """Whether a player's loss is no less where it succeeds than where it fails."""
    shape = [size or 2 for size in gan.discriminator.output_shape]
    high, low = tf.ones(shape), -tf.ones(shape)
    right, wrong = (
        float(tf.reduce_mean(gan.loss.discriminator_loss(*logits)))
        for logits in ((high, low), (low, high))
    )
    advice = "Check its sign, and which logits are of real samples."
    if right >= wrong:
        yield Risk(
            ("discriminator_too_weak", "discriminator_won", "mode_collapse"),
            f"D's loss does not reward it for being right: it is {right:.3g} with a logit of 1 for "
            f"real samples and of -1 for generated ones, and {wrong:.3g} the other way round.",
            advice,
        )
    real = tf.zeros(shape) if gan.loss.generator_sees_real else None
    fools, confuses, fails = (
        float(tf.reduce_mean(gan.loss.generator_loss(real, one)))
        for one in (high, tf.zeros(shape), low)
    )
    if min(fools, confuses) >= fails:  # G may want D to be unsure (Mao et al. 2017, c = 0).
        yield Risk(
            ("discriminator_won", "generator_starved", "mode_collapse"),
            f"G's loss does not reward it for fooling D: it is {fools:.3g} with a logit of 1 for "
            f"generated samples, and {fails:.3g} with one of -1.",
            advice,
        )


def _of_noisy_inputs(gan: Any) -> Risk | None:
    """Whether noise hides from D what it judges."""
    scale = 1.0
    for layer in networks.layers(gan.discriminator):
        if layer.weights:
            return None
        if isinstance(layer, keras.layers.Rescaling):
            scale *= float(np.max(np.abs(layer.scale)))
        if isinstance(layer, keras.layers.Dropout) and layer.rate > MUCH_DROPPED:
            what = f"leaves out {layer.rate:.0%} of"
            advice = f"a rate of at most {MUCH_DROPPED:g}"
        elif isinstance(layer, keras.layers.GaussianNoise):
            low, high = ranges.output_range(gan.generator, gan.num_classes)
            most = scale * MUCH_NOISE * (high - low) / 2
            if not layer.stddev > most:
                continue
            what = f"adds noise of a standard deviation of {layer.stddev:.3g} to"
            advice = f"at most {most:.3g}"
        else:
            continue
        return Risk(
            ("discriminator_too_weak", "mode_collapse"),
            f"The layer {layer.name!r} {what} what D is to judge: D may be too weak to teach G "
            "anything.",
            f"Remove it, or use {advice}.",
        )
    return None


def _of_constraints(gan: Any) -> Risk | None:
    """Whether constraints make D's weights much smaller than they were made."""
    if isinstance(gan.loss, losses.Wasserstein):
        return None
    weights = [one for one in gan.discriminator.trainable_weights if one.constraint is not None]
    before, after = (
        sum(float(tf.reduce_sum(tf.square(one))) for one in values) ** 0.5
        for values in (weights, [one.constraint(tf.convert_to_tensor(one)) for one in weights])
    )
    if not weights or after >= LEFT * before:
        return None
    return Risk(
        ("discriminator_too_weak", "mode_collapse"),
        f"Constraints shrink D's weights to {after / before:.0%} of their present size: D may be "
        "too flat to teach G anything.",
        "Remove them, and use the penalty 'r1'.",
    )


def _of_start(first: Reading) -> Iterator[Risk]:
    """Whether networks begin as few games do that come out well."""
    if first.variety < LEAST_VARIETY:
        yield Risk(
            ("mode_collapse", "discriminator_won"),
            "Before the first step all samples are equal: G may not look at its latents.",
            "Check that G uses its latents.",
        )
    if first.logit_spread > LARGE_SPREAD:
        yield Risk(
            ("diverged", "discriminator_won", "discriminator_too_weak"),
            f"Before the first step D's logits for real samples spread by {first.logit_spread:.3g},"
            f" where those of a new D usually spread by less than {LARGE_SPREAD:g}.",
            "Let D begin with smaller weights, as Keras's initializers make them, or scale its "
            "inputs.",
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
