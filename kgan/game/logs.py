"""The logs of a game: their names, how the discriminator's answers become numbers, their means.

No other module spells the name of a log.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kgan.game import replicas
from kgan.protocols import NamesResults

__all__ = ["RunningMeans", "answers", "log_names", "merge", "names", "result_names"]

DISCRIMINATOR_LOSS = "discriminator_loss"
GENERATOR_LOSS = "generator_loss"
PENALTY = "penalty"
# What diverges when a game does.
LOSSES = (DISCRIMINATOR_LOSS, GENERATOR_LOSS, PENALTY)

ACCURACY = "discriminator_accuracy"
# D(x) and D(G(z)), as probabilities; or as logits where the loss defines no probability.
PROBABILITIES = ("real_probability", "fake_probability")
LOGITS = ("real_logits", "fake_logits")
# What a person is shown in place of these names.
SYMBOLS = dict(zip([*PROBABILITIES, *LOGITS], ["D(x)", "D(G(z))"] * 2, strict=True))

DISCRIMINATOR_GRADIENT_NORM = "discriminator_gradient_norm"
GENERATOR_GRADIENT_NORM = "generator_gradient_norm"
GRADIENT_NORMS = (DISCRIMINATOR_GRADIENT_NORM, GENERATOR_GRADIENT_NORM)

# Of an augmentation that follows D.
AUGMENTATION_PROBABILITY = "augmentation_probability"

# What a doctor finds begins with this: 1 while it lasts, 0 afterwards.
SYMPTOM = "symptom_"

# All logs of the game itself. Any other log is a measure of samples.
GAME = (*LOSSES, ACCURACY, *PROBABILITIES, *LOGITS, *GRADIENT_NORMS, AUGMENTATION_PROBABILITY)


def names(loss: Any, penalties: Sequence[Any]) -> list[str]:
    """The names of the logs of a game, in their order.

    Args:
        loss: an `AdversarialLoss`.
        penalties: the penalties on the discriminator.
    """
    losses = [DISCRIMINATOR_LOSS, GENERATOR_LOSS, *([PENALTY] if penalties else [])]
    return [*losses, ACCURACY, *_answer_names(loss)]


def answers(loss: Any, real_logits: Any, fake_logits: Any) -> dict[str, Any]:
    """How D answered, as scalars: the share of samples it classifies correctly, and mean answers.

    A logit at the threshold of `loss` counts as half correct. Where the loss has no threshold, a
    pair of a real and a fake sample is classified correctly if the real one's logit is higher.

    Args:
        loss: an `AdversarialLoss`.
        real_logits, fake_logits: D's logits, of equal shape.

    Returns:
        A dict of `discriminator_accuracy`, in [0, 1], and `real_probability` and
        `fake_probability`; or `real_logits` and `fake_logits` where the loss defines no
        probability.
    """
    real_bar = fake_logits if loss.threshold is None else loss.threshold
    fake_bar = real_logits if loss.threshold is None else loss.threshold
    margins = ops.stack([real_logits - real_bar, fake_bar - fake_logits])
    accuracy = ops.mean((1 + ops.sign(margins)) / 2)
    shown = [real_logits, fake_logits]
    if loss.defines_probability:
        shown = [loss.probability(logits) for logits in shown]
    means = [ops.mean(answer) for answer in shown]
    return dict(zip([ACCURACY, *_answer_names(loss)], [accuracy, *means], strict=True))


def _answer_names(loss: Any) -> tuple[str, str]:
    return PROBABILITIES if loss.defines_probability else LOGITS


def merge(updates: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The logs of one step from those of its updates: each is the mean over those that have it."""
    merged: dict[str, list[Any]] = {}
    for update in updates:
        for name, value in update.items():
            merged.setdefault(name, []).append(value)
    return {
        name: sum(values) / len(values) if len(values) > 1 else values[0]
        for name, values in merged.items()
    }


class RunningMeans(keras.metrics.Metric):
    """Means of several named numbers, all in one variable because steps of small games are short.

    Args:
        names: the names of the numbers.
        name: the name of the metric.
    """

    def __init__(self, names: Sequence[str], name: str = "game_log") -> None:
        super().__init__(name=name)
        self.names = list(names)
        # With several replicas all have the same.
        same = {"aggregation": "only_first_replica"}
        self.total = self.add_variable((len(names),), "zeros", name="total", **same)
        self.count = self.add_variable((), "zeros", name="count", **same)

    def update_state(self, values: dict[str, Any], share: replicas.Share) -> None:
        """Takes in means over some rows of a batch.

        Args:
            values: scalars, by their names; others than those of `names` are left out.
            share: which rows.
        """
        num_samples = ops.cast(share.total, "float32")
        means = replicas.total(share.weighted(ops.stack([values[name] for name in self.names])))
        self.total.assign_add(num_samples * means)
        self.count.assign_add(num_samples)

    def reset_state(self) -> None:
        # As in Keras, but without making a tensor for each: short epochs notice the difference.
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, "float32"))

    def result(self) -> dict[str, Any]:
        return dict(zip(self.names, ops.unstack(self.total / self.count), strict=True))


def result_names(metrics: Sequence[keras.metrics.Metric]) -> list[str]:
    """The names of the results of Keras metrics, in order; some have several."""
    return [
        name
        for metric in metrics
        for name in (metric.result_names if isinstance(metric, NamesResults) else [metric.name])
    ]


def log_names(gan: Any) -> list[str]:
    """The names of the logs of a compiled GAN's evaluation, in order."""
    return [*gan.evaluation_log.names, *result_names(gan.evaluation_metrics)]
