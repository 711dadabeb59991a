"""What ails a game, told from what a probe has read of it again and again.

That a rule holds once says little, so a symptom begins when its rule has held in three of four
readings. It is over after four without it.
"""

import dataclasses
from collections.abc import Iterable, Sequence

from kgan.diagnosis.readings import Reading
from kgan.diagnosis.risks import Risk
from kgan.diagnosis.rules import RULES, Finding, Rule

__all__ = ["LEAST_READINGS", "Judge", "Symptom", "advice", "find_symptoms"]

# A symptom begins once its rule holds in so many of the last readings. It is over once neither the
# rule nor `Rule.lasts` holds in any of them.
OF_LAST, BEGINS = 4, 3
# How many readings pass before a game is judged: at first every game looks sick.
WARM_UP = 8
# Of fewer readings nothing can be told.
LEAST_READINGS = WARM_UP + BEGINS


@dataclasses.dataclass(frozen=True)
class Symptom:
    """Something that is wrong with a game.

    Args:
        name: what it is called, one of `kgan.diagnosis.NAMES`.
        since_step: the step of the first reading that showed it, of those after the eighth.
        until_step: the step at which it was over; None while it lasts.
        evidence: the numbers that show it, by the names that they have in a `Reading`; some are
            the median of the last readings.
        says: what is wrong, in a sentence.
        advice: what to change first.
    """

    name: str
    since_step: int
    until_step: int | None
    evidence: dict[str, float]
    says: str
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
        self._found: dict[str, list[Finding | None]] = {rule.name: [] for rule in RULES}

    def add(self, reading: Reading) -> None:
        """Takes the next reading of the game."""
        self.readings.append(reading)
        is_judged = len(self.readings) > WARM_UP or not reading.is_finite
        for place, rule in enumerate(RULES):
            found = self._found[rule.name]
            found.append(rule.find(self.readings) if is_judged else None)
            number = sum(one is not None for one in found[-OF_LAST:])
            still = number > 0 or any(map(rule.lasts, self.readings[-OF_LAST:]))
            is_over = reading.is_finite and not still
            if rule.name in self._lasting and is_over:
                over = self._lasting.pop(rule.name)
                ended = dataclasses.replace(self.symptoms[over], until_step=reading.step)
                self.symptoms[over] = ended
            is_hidden = any(one.name in self._lasting for one in RULES[:place])
            begins = number >= BEGINS or (found[-1] is not None and not reading.is_finite)
            if begins and rule.name not in self._lasting and not is_hidden:
                self._lasting[rule.name] = len(self.symptoms)
                self.symptoms.append(_symptom(rule, found[-OF_LAST:], self.readings))


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


def advice(symptom: Symptom, risks: Iterable[Risk]) -> str:
    """What to change first: that of the first risk that often brings the symptom, or its own.

    Args:
        symptom: of a game.
        risks: what is unusual about the game, as `find_risks` returns it.
    """
    return next((risk.advice for risk in risks if symptom.name in risk.names), symptom.advice)


def _symptom(rule: Rule, recent: Sequence[Finding | None], readings: Sequence[Reading]) -> Symptom:
    """The symptom that begins now, with the evidence of the last reading that shows it."""
    late = readings[-len(recent) :]
    shown = [(one.step, found) for one, found in zip(late, recent, strict=True) if found]
    (since, _), (_, last) = shown[0], shown[-1]
    return Symptom(rule.name, since, None, last.evidence, last.says, rule.advice)
