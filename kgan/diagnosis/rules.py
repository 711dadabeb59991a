"""The rules by which symptoms are told, each from what a probe has read of a game so far.

Each rule looks for what a player or the samples do, not for why: one symptom has several causes,
and the advice begins with the one that is to blame most often.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from kgan.diagnosis.readings import Reading

__all__ = ["NAMES", "RULES", "Rule"]

# "Lately" means the median of so many readings. Samples no longer come nearer to the data if their
# distance lately is not below this part of what it was after half as many steps.
LATELY, PROGRESS = 5, 0.95
# They are still about where they were if their distance lately is above the first number, and above
# this part of the very first reading's.
FAR, STAYS = 0.15, 0.75
# Samples are alike below this variety; once they were, until they reach the other.
ALIKE, VARIED = 0.05, 0.2
# A D that is right in fewer pairs than this, while samples are far from the data, teaches G little.
TELLS = 0.85
# A standstill and a slope are not judged by the very first readings: a game moves in leaps then.
FIRST = 2
# D gets steeper if its slope, the median of three readings, is so many times as large as so many
# readings before, and above the least.
STEEPER, WITHIN, LEAST_SLOPE = 2.0, 6, 1.5


class Finding(NamedTuple):
    """What a rule finds wrong with a game.

    Args:
        says: what is wrong, in a sentence.
        evidence: the numbers that show it, by the names that they have in a `Reading`.
    """

    says: str
    evidence: dict[str, float]


class Rule(NamedTuple):
    """How a symptom is told.

    Args:
        name: of the symptom.
        find: what is wrong, judging by the readings so far, the last of which is the present one;
            None where nothing is.
        advice: what to change first.
        lasts: whether a reading keeps the symptom going, once it has begun, although the rule no
            longer finds anything.
    """

    name: str
    find: Callable[[Sequence[Reading]], Finding | None]
    advice: str
    lasts: Callable[[Reading], bool] = lambda now: False


def _lately(readings: Sequence[Reading], name: str) -> float:
    """The median of a number in the last readings."""
    return float(np.median([getattr(one, name) for one in readings[-LATELY:]]))


def _stagnates(readings: Sequence[Reading], least: float) -> bool:
    """Whether samples are farther than `least` from the data, and have stopped coming nearer."""
    half = (readings[0].step + readings[-1].step) / 2
    finite = [one for one in readings[FIRST:] if one.is_finite]
    before = [one for one in finite if one.step <= half]
    if len(before) < LATELY or readings[-1].step == half:  # No time has passed.
        return False
    return _lately(finite, "distance") > max(least, PROGRESS * _lately(before, "distance"))


def _stays(readings: Sequence[Reading]) -> bool:
    """Whether samples are still about as far from the data as before the first step.

    If the first reading is of later, nobody knows.
    """
    if readings[0].step or not readings[-1].step:
        return False
    return _lately(readings, "distance") > max(FAR, STAYS * readings[0].distance)


def _slope(readings: Sequence[Reading]) -> float:
    """How steep D is, the median of three readings; 0 unless it is getting steeper.

    At the equilibrium D is flat. Without a penalty it may become steeper instead, and drive samples
    away again (Mescheder et al. 2018, https://arxiv.org/abs/1801.04406).
    """
    slopes = [one.slope for one in readings[FIRST:]]
    if len(slopes) < WITHIN + 3:
        return 0.0
    before, now = np.median(slopes[-WITHIN - 3 : -WITHIN]), np.median(slopes[-3:])
    return float(now) if now > max(LEAST_SLOPE, STEEPER * before) else 0.0


def _found(says: str, **evidence: float) -> Finding:
    return Finding(says, {name: float(value) for name, value in evidence.items()})


def _diverged(readings):
    now = readings[-1]
    if not now.is_finite:
        says = "D's logits, samples or gradients are not finite."
    elif now.logit_spread > 30:
        says = (
            f"D's logits for real samples spread by {now.logit_spread:.3g}, where those of a sound "
            "D spread by less than 30."
        )
    else:
        return None
    of_g, of_d = now.gradients
    return _found(
        says,
        logit_spread=now.logit_spread,
        generator_gradient=of_g,
        discriminator_gradient=of_d,
    )


def _generator_starved(readings):
    now = readings[-1]
    if now.push < 0.02 and now.auc > 0.98:
        return _found(
            f"Next to no gradient reaches G: its loss changes by {now.push:.1g} per unit of D's "
            f"logit, and D tells real samples from generated ones in {now.auc:.1%} of pairs.",
            push=now.push,
            auc=now.auc,
        )
    return None


def _class_collapse(readings):
    now = readings[-1]
    if now.label_margin < 0.6 and now.label_effect < 0.25:
        return _found(
            "Labels are ignored: D prefers a real sample with its own label to the same with "
            f"another in {now.label_margin:.0%} of pairs, and another label changes a sample "
            f"{now.label_effect:.2g} times as much as other latents do.",
            label_margin=now.label_margin,
            label_effect=now.label_effect,
        )
    return None


def _discriminator_overfits(readings):
    now = readings[-1]
    if now.auc - now.held_out_auc > 0.3:
        return _found(
            "D memorizes the training data: it tells training data from generated samples in "
            f"{now.auc:.0%} of pairs, and held-out data in {now.held_out_auc:.0%}.",
            auc=now.auc,
            held_out_auc=now.held_out_auc,
        )
    return None


def _mode_collapse(readings):
    now = readings[-1]
    if now.variety < ALIKE:
        return _found(
            f"All samples are alike: they are {now.variety:.2g} times as far from each other as "
            "real ones.",
            variety=now.variety,
        )
    if now.missing > 0.3 and _stagnates(readings, 0.05):
        return _found(
            f"Samples miss {now.missing:.0%} of the training data, and have stopped coming "
            "nearer to it.",
            missing=now.missing,
            distance=_lately(readings, "distance"),
        )
    return None


def _discriminator_too_weak(readings):
    now = readings[-1]
    if max(now.auc, np.nan_to_num(now.held_out_auc)) < 0.3:
        return _found(
            "D takes generated samples for more real than real ones, which it prefers in only "
            f"{now.auc:.0%} of pairs.",
            auc=now.auc,
        )
    if now.auc < 0.8 and now.distance > 0.5:
        return _found(
            f"D prefers real samples to generated ones in only {now.auc:.0%} of pairs, though they "
            f"are far from each other (energy distance {now.distance:.2g}).",
            auc=now.auc,
            distance=now.distance,
        )
    auc = _lately(readings, "auc")
    standstill = _standstill(readings, 0.1)
    if auc < TELLS and standstill:
        return _found(
            f"D prefers real samples to generated ones in only {auc:.0%} of pairs, and the "
            f"generated ones {standstill}.",
            auc=auc,
            distance=_lately(readings, "distance"),
        )
    return None


def _discriminator_won(readings):
    auc = _lately(readings, "auc")
    standstill = _standstill(readings, 0.05 if readings[-1].auc > 0.995 else np.inf)
    if auc > TELLS and standstill:
        return _found(
            f"D tells real samples from generated ones in {auc:.1%} of pairs, and the generated "
            f"ones {standstill}.",
            auc=auc,
            distance=_lately(readings, "distance"),
        )
    return None


def _standstill(readings, least):
    """In words, that samples stay where they are; empty where they do not."""
    distance = _lately(readings, "distance")
    if _stays(readings):
        share = distance / readings[0].distance
        if share > 1.005:
            return f"are {share:.2f} times as far from the data as before the first step"
        return f"are still {share:.0%} as far from the data as before the first step"
    if _stagnates(readings, least):
        return f"have stopped coming nearer to the data (energy distance {distance:.2g})"
    return ""


def _not_converging(readings):
    now = readings[-1]
    slope = _slope(readings)
    if now.distance < 0.03 and slope:
        return _found(
            "D gets steeper and steeper at the samples, though these are near the data (slope "
            f"{slope:.2g}, energy distance {now.distance:.2g}).",
            slope=slope,
            distance=now.distance,
        )
    drift = _lately(readings, "drift")
    if drift > 0.3 and _stagnates(readings, 0.1):
        return _found(
            f"From one reading to the next a sample moves {drift:.2g} times as far as real samples "
            "are from each other, and samples have stopped coming nearer to the data.",
            drift=drift,
            distance=_lately(readings, "distance"),
        )
    return None


def _memorizes(readings):
    now = readings[-1]
    if now.memorization < 0.75:
        return _found(
            f"Samples are copies: they are {now.memorization:.2g} times as far from the training "
            "data as held-out data is.",
            memorization=now.memorization,
        )
    return None


# The first of them that holds is the most likely to be the cause of the others.
RULES = (
    Rule(
        "diverged",
        _diverged,
        "Lower the learning rates, D's first; then add the penalty 'r1'.",
    ),
    Rule(
        "generator_starved",
        _generator_starved,
        "If the loss is 'minimax', use 'non_saturating'; then lower D's learning rate, or add the "
        "penalty 'r1'.",
    ),
    Rule(
        "class_collapse",
        _class_collapse,
        "Check that each label belongs to its sample; then train longer, or with a larger D.",
    ),
    Rule(
        "discriminator_overfits",
        _discriminator_overfits,
        "Add augmentation='diff_augment'; then train on more data, or with a smaller D.",
    ),
    Rule(
        "mode_collapse",
        _mode_collapse,
        "Use the loss 'relativistic' with the penalties 'r1' and 'r2'; then lower G's learning "
        "rate, or set packing=2. Check that G uses its latents.",
        lasts=lambda now: now.variety < VARIED,
    ),
    Rule(
        "discriminator_too_weak",
        _discriminator_too_weak,
        "Raise D's learning rate or discriminator_steps; then weaken its penalty, or enlarge D.",
    ),
    Rule(
        "discriminator_won",
        _discriminator_won,
        "Lower D's learning rate or raise G's; then add the penalty 'r1'.",
    ),
    Rule(
        "not_converging",
        _not_converging,
        "Add the penalty 'r1'; then lower both learning rates, with beta_1 of 0.5 or 0.",
    ),
    Rule(
        "memorizes",
        _memorizes,
        "Add augmentation='diff_augment'; then train on more data, or stop earlier.",
    ),
)

NAMES = tuple(rule.name for rule in RULES)
