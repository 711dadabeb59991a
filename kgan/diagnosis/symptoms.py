"""What ails a game, told from what a probe has read of it again and again.

Each rule looks for what a player or the samples do, not for why: one symptom has several causes,
and the advice begins with the one that is to blame most often. That a rule holds once says little,
so a symptom begins when it has held in three of four readings, and is over after four without it.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from kgan.diagnosis.readings import Reading

__all__ = ["LEAST_READINGS", "NAMES", "Judge", "Symptom", "find_symptoms"]

# A symptom begins once its rule holds in so many of the last readings, and is over once it holds in
# none of them.
OF_LAST, BEGINS = 4, 3
# How many readings pass before a game is judged: at first every game looks sick.
WARM_UP = 4
# Of fewer readings nothing can be told.
LEAST_READINGS = WARM_UP + BEGINS
# Samples no longer come nearer to the data if the median distance of so many readings is not below
# this part of that of as many readings before.
STAGNANT, PROGRESS = 5, 0.95
# The very first readings are not compared with: a game moves in leaps then.
FIRST = 2
# D gets steeper if its slope, the median of three readings, is so many times as large as so many
# readings before, and above the least.
STEEPER, WITHIN, LEAST_SLOPE = 2.0, 6, 2.0


@dataclasses.dataclass(frozen=True)
class Symptom:
    """Something that is wrong with a game.

    Args:
        name: what it is called, one of `kgan.diagnosis.NAMES`.
        since_step: the step of the first reading that showed it.
        until_step: the step at which it was over; None while it lasts.
        evidence: the numbers that show it, by the names that they have in a `Reading`.
        says: what is wrong, in a sentence.
        advice: what to change first.
    """

    name: str
    since_step: int
    until_step: int | None
    evidence: dict[str, float]
    says: str
    advice: str


class Rule(NamedTuple):
    """How a symptom is told.

    Args:
        name: of the symptom.
        says: what is wrong, in a sentence, judging by the readings so far, the last of which is the
            present one; None where nothing is.
        evidence: the names of the numbers that show it.
        advice: what to change first.
    """

    name: str
    says: Callable[[Sequence[Reading]], str | None]
    evidence: tuple[str, ...]
    advice: str


class Judge:
    """Finds the symptoms of a game, one reading after another.

    A symptom does not begin while one of an earlier rule lasts, which most often is its cause.
    Numbers that are not finite need no second reading.

    Attributes:
        symptoms: a list of `Symptom`s, in the order in which they began.
        readings: a list of the readings so far.
    """

    def __init__(self) -> None:
        self.symptoms: list[Symptom] = []
        self.readings: list[Reading] = []
        self._lasting: dict[str, int] = {}  # Where in `symptoms` those are that last.
        self._said: dict[str, list[str | None]] = {rule.name: [] for rule in RULES}

    def add(self, reading: Reading) -> None:
        """Takes the next reading of the game."""
        self.readings.append(reading)
        if len(self.readings) <= WARM_UP and reading.is_finite:
            return
        for place, rule in enumerate(RULES):
            said = self._said[rule.name]
            said.append(rule.says(self.readings))
            number = sum(one is not None for one in said[-OF_LAST:])
            if rule.name in self._lasting and number == 0 and reading.is_finite:
                over = self._lasting.pop(rule.name)
                ended = dataclasses.replace(self.symptoms[over], until_step=reading.step)
                self.symptoms[over] = ended
            is_hidden = any(one.name in self._lasting for one in RULES[:place])
            begins = number >= BEGINS or (said[-1] is not None and not reading.is_finite)
            if begins and rule.name not in self._lasting and not is_hidden:
                self._lasting[rule.name] = len(self.symptoms)
                self.symptoms.append(_symptom(rule, said[-OF_LAST:], self.readings))


def find_symptoms(readings: Iterable[Reading]) -> list[Symptom]:
    """The symptoms that readings of a game show, in the order in which they began.

    Args:
        readings: of one game, in their order, as `Probe.read` returns them.

    Returns:
        A list of `Symptom`s, as `Judge` finds them.
    """
    judge = Judge()
    for reading in readings:
        judge.add(reading)
    return judge.symptoms


def _symptom(rule, recent, readings):
    """The symptom that begins now, with the evidence of the last reading that shows it."""
    showing = [i - len(recent) for i, said in enumerate(recent) if said is not None]
    shown = readings[showing[-1]]
    evidence = {name: float(getattr(shown, name)) for name in rule.evidence}
    since = readings[showing[0]].step
    return Symptom(rule.name, since, None, evidence, recent[showing[-1]], rule.advice)


def _stagnates(readings: Sequence[Reading], least: float) -> bool:
    """Whether samples are farther than `least` from the data, and have stopped coming nearer."""
    distances = [one.distance if one.is_finite else np.inf for one in readings[FIRST:]]
    if len(distances) < 2 * STAGNANT:
        return False
    before, lately = (
        np.median(distances[-2 * STAGNANT : -STAGNANT]),
        np.median(distances[-STAGNANT:]),
    )
    return bool(lately > max(least, PROGRESS * before))


def _gets_steeper(readings: Sequence[Reading]) -> bool:
    """Whether D is getting steeper.

    At the equilibrium D is flat. Without a penalty it may become steeper instead, and drive samples
    away again (Mescheder et al. 2018, https://arxiv.org/abs/1801.04406).
    """
    slopes = [one.slope for one in readings[FIRST:]]
    if len(slopes) < WITHIN + 3:
        return False
    before, now = np.median(slopes[-WITHIN - 3 : -WITHIN]), np.median(slopes[-3:])
    return bool(now > LEAST_SLOPE and now > STEEPER * before)


def _diverged(readings):
    now = readings[-1]
    if not now.is_finite:
        return "The game has diverged: D's logits, samples or gradients are not finite."
    if now.logit_spread > 30:
        return (
            f"The game is diverging: D's logits for real samples spread by {now.logit_spread:.3g}, "
            "where those of a sound D spread by less than 30."
        )
    return None


def _generator_starved(readings):
    now = readings[-1]
    if now.push < 0.02 and now.auc > 0.98:
        return (
            f"Next to no gradient reaches G: its loss changes by {now.push:.1g} per unit of D's "
            f"logit, and D tells real samples from generated ones in {now.auc:.1%} of pairs."
        )
    return None


def _class_collapse(readings):
    now = readings[-1]
    if now.label_margin < 0.6 and now.label_effect < 0.25:
        return (
            "Labels are ignored: D prefers a real sample with its own label to the same with "
            f"another in {now.label_margin:.0%} of pairs, and another label changes a sample "
            f"{now.label_effect:.2g} times as much as other latents do."
        )
    return None


def _discriminator_overfits(readings):
    now = readings[-1]
    if now.auc - now.held_out_auc > 0.3:
        return (
            "D memorizes the training data: it tells training data from generated samples in "
            f"{now.auc:.0%} of pairs, and held-out data in {now.held_out_auc:.0%}."
        )
    return None


def _mode_collapse(readings):
    now = readings[-1]
    if now.variety < 0.05:
        return (
            f"All samples are alike: they are {now.variety:.2g} times as far from each other as "
            "real ones."
        )
    if now.missing > 0.3 and _stagnates(readings, 0.05):
        return (
            f"Samples miss {now.missing:.0%} of the training data, and have stopped coming "
            "nearer to it."
        )
    return None


def _discriminator_too_weak(readings):
    now = readings[-1]
    is_fooled = max(now.auc, np.nan_to_num(now.held_out_auc)) < 0.3
    if is_fooled or (now.auc < 0.8 and now.distance > 0.5):
        return (
            f"D is too weak: it prefers real samples to generated ones in only {now.auc:.0%} of "
            f"pairs, though they are far from each other (energy distance {now.distance:.2g})."
        )
    return None


def _discriminator_won(readings):
    now = readings[-1]
    if now.auc > 0.995 and _stagnates(readings, 0.05):
        return (
            f"D has won: it tells real samples from generated ones in {now.auc:.1%} of pairs, and "
            f"these have stopped coming nearer to the data (energy distance {now.distance:.2g})."
        )
    return None


def _not_converging(readings):
    now = readings[-1]
    if now.distance < 0.03 and _gets_steeper(readings):
        return (
            "The game does not converge: D gets steeper and steeper at the samples, though "
            f"these are near the data (slope {now.slope:.2g}, energy distance {now.distance:.2g})."
        )
    if now.drift > 0.3 and _stagnates(readings, 0.2):
        return (
            "The game does not converge: from one reading to the next a sample moves "
            f"{now.drift:.2g} times as far as real samples are from each other."
        )
    return None


def _memorizes(readings):
    now = readings[-1]
    if now.memorization < 0.75:
        return (
            f"Samples are copies: they are {now.memorization:.2g} times as far from the training "
            "data as held-out data is."
        )
    return None


# The first of them that holds is the most likely to be the cause of the others.
RULES = (
    Rule(
        "diverged",
        _diverged,
        ("logit_spread", "generator_gradient", "discriminator_gradient"),
        "Lower the learning rates, D's first; then add the penalty 'r1'.",
    ),
    Rule(
        "generator_starved",
        _generator_starved,
        ("push", "auc"),
        "Use the loss 'non_saturating' in place of 'minimax'; then lower D's learning rate, or add "
        "the penalty 'r1'.",
    ),
    Rule(
        "class_collapse",
        _class_collapse,
        ("label_margin", "label_effect"),
        "Check that each label belongs to its sample; then train longer, or with a larger D.",
    ),
    Rule(
        "discriminator_overfits",
        _discriminator_overfits,
        ("auc", "held_out_auc"),
        "Add augmentation='diff_augment'; then train on more data, or with a smaller D.",
    ),
    Rule(
        "mode_collapse",
        _mode_collapse,
        ("variety", "missing"),
        "Use the loss 'relativistic' with the penalties 'r1' and 'r2'; then lower G's learning "
        "rate, or set packing=2. Check that G uses its latents.",
    ),
    Rule(
        "discriminator_too_weak",
        _discriminator_too_weak,
        ("auc", "distance"),
        "Raise D's learning rate or discriminator_steps; then weaken its penalty, or enlarge D.",
    ),
    Rule(
        "discriminator_won",
        _discriminator_won,
        ("auc", "distance"),
        "Lower D's learning rate or raise G's; then add the penalty 'r1'.",
    ),
    Rule(
        "not_converging",
        _not_converging,
        ("drift", "slope", "distance"),
        "Add the penalty 'r1'; then lower both learning rates, with beta_1 of 0.5 or 0.",
    ),
    Rule(
        "memorizes",
        _memorizes,
        ("memorization",),
        "Add augmentation='diff_augment'; then train on more data, or stop earlier.",
    ),
)

NAMES = tuple(rule.name for rule in RULES)
