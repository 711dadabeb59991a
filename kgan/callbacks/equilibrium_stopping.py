"""An end to training that is not a guess."""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kgan import checks
from kgan import features as features_module
from kgan.diagnosis import Exam, Examiner
from kgan.diagnosis.exams import LEAST_SAMPLES
from kgan.game import looking, replicas

__all__ = ["EquilibriumStopping"]

# How many exams a training has at most.
NUM_EXAMS = 40
# At equilibrium the distance has not fallen for so many exams.
SETTLED = 5
# If few samples show that the distance has fallen by so many standard errors, no more are drawn.
CLEARLY = 3
# What ends a training, in the order of their numbers, as workers tell each other.
REASONS = (None, "equilibrium", "no_progress")


class EquilibriumStopping(keras.callbacks.Callback):
    """Stops training when samples cannot be told from real data, or have stopped getting better.

    At the equilibrium of the game D can only guess (Goodfellow et al. 2014, section 4.1). But that
    the playing D guesses says nothing: it may be too weak. So the averaged generator sits an exam
    now and then: a classifier that is trained from scratch tries to tell its samples from training
    data, and from held-out data (`kgan.diagnosis.Examiner`).

    `reason` is `"equilibrium"` when, in two exams in a row, the classifier does no better than it
    tells real data from real data, samples are no nearer to training data than real data is, and in
    five exams (or `patience`, if that is less) the distance to held-out data has not fallen by more
    than the standard error of the difference. The generator then stays as it is. `reason` is
    `"no_progress"` when that distance has not fallen by that much for `patience` exams. Then
    `gan.averaged_generator` gets the weights of the exam with the smallest distance (where
    averaging is off, that is the generator itself; a backup that is made then has them too).
    Samples of a conditional GAN are judged without their labels.

    An exam draws one to two times `min_samples` samples and measures the distance. Where that does
    not clearly fall, it draws four times as many. Once it has stopped falling the exam also trains
    one or two small classifiers, the first time up to ten more, to know what real data gets. All
    training samples are kept in memory as float32 meanwhile.

    Args:
        held_out: samples `(num_samples, ...)` like those of the training that nobody trains on, at
            least 100; the pair of them and their labels; or a `kgan.datasets.Dataset`. `None`:
            samples are compared with training data alone, and copies go unnoticed.
        patience: for how many exams the distance may fail to fall.
        every_epochs: how many epochs pass between two exams. `None`: so many that there are at most
            forty.
        min_samples: how many training samples an exam takes at least, 40 or more; it takes up to
            twice as many. With fewer, it takes them all and warns that it cannot see small
            differences.
        features: of what the distance is taken, what `kgan.features.get` takes: `"raw"` for the
            samples themselves.
        seed: of the samples and the classifiers.

    Attributes:
        reason: `"equilibrium"`, `"no_progress"`, or None where training was not stopped.
        exams: a list of `kgan.diagnosis.Exam`, in their order.

    Raises:
        ValueError: for numbers out of range, or too few held-out samples; by `fit`, for held-out
            samples of another shape or that are trained on, features that are not of such samples,
            and data of which one cannot look at samples beforehand. (A tf.data.Dataset is read
            once, for an epoch or 20 times `min_samples`, which moves its shuffling on.)

    Example:

    >>> gan = kgan.GAN(*kgan.architectures.mlp((8, 8, 1), latent_dim=8), seed=0)
    >>> gan.compile()
    >>> stopping = kgan.callbacks.EquilibriumStopping(
    ...     kgan.datasets.digits("test"), every_epochs=1, min_samples=100
    ... )
    >>> history = gan.fit(kgan.datasets.digits(), epochs=2, callbacks=[stopping], verbose=0)
    ... # doctest: +ELLIPSIS
    <BLANKLINE>
    Training has ended before there was a reason to stop it: the distance to held-out data is ...
    >>> [exam.step for exam in stopping.exams], stopping.exams[-1].distance > 0.1
    ([22, 44], True)
    """

    def __init__(
        self,
        held_out: Any = None,
        *,
        patience: int = 10,
        every_epochs: int | None = None,
        min_samples: int = 1000,
        features: Any = "raw",
        seed: int = 0,
    ) -> None:
        super().__init__()
        numbers = {"patience": patience, "min_samples": min_samples, "every_epochs": every_epochs}
        for name, value in numbers.items():
            if value is not None:
                checks.check_positive_integer(name, value)
        checks.check_seed(seed)
        if min_samples < LEAST_SAMPLES:
            raise ValueError(
                f"`min_samples` must be at least {LEAST_SAMPLES}. "
                f"Received: min_samples={min_samples}."
            )
        self.held_out = None
        if held_out is not None:
            self.held_out, _ = looking.held_out_pair(held_out, looking.LEAST_HELD_OUT)
        self.patience = patience
        self.every_epochs = every_epochs
        self.min_samples = min_samples
        self.features = features_module.get(features)
        self.seed = seed
        self.reason: str | None = None
        self.exams: list[Exam] = []
        self._best_weights: list[np.ndarray] | None = None
        self._examiner: Examiner | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.reason, self.exams, self._best_weights = None, [], None
        if self.held_out is not None:
            looking.check_shape(self.held_out, self.model)
        self.features.check(tuple(self.model.generator.output_shape[1:]))
        num_batches = (self.params or {}).get("steps") or -1
        training = _training_samples(self.model.training_data, num_batches, 20 * self.min_samples)
        self._examiner = Examiner(
            training, self.held_out, 2 * self.min_samples, self.features, self.seed
        )
        if len(training) < self.min_samples:
            warnings.warn(
                f"EquilibriumStopping has {len(training):,} training samples to compare with, "
                f"fewer than min_samples={self.min_samples:,}: it cannot see small differences.",
                stacklevel=2,
            )
        if self._examiner.tells_held_out():
            warnings.warn(
                "EquilibriumStopping: a classifier can almost always tell `held_out` from training "
                "data, so that comparing samples with it says nothing. Are both scaled alike?",
                stacklevel=2,
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        epochs = (self.params or {}).get("epochs") or 1
        between = self.every_epochs or -(-epochs // NUM_EXAMS)
        if self._examiner is None or ((epoch + 1) % between and epoch + 1 < epochs):
            return
        self.exams.append(self._examine(self._examiner))
        if self._agreed(self._best is self.exams[-1]):
            self._best_weights = self.model.averaged_generator.get_weights()
        self.reason = REASONS[self._agreed(REASONS.index(self._reason_to_stop()))]
        if self.reason:
            self.model.stop_training = True

    def _examine(self, examiner: Examiner) -> Exam:
        """Holds the next exam; a few samples will do while the distance clearly falls."""
        step = int(self.model.step.numpy())
        exam = examiner.measure(self._drawn(examiner.few_samples, step), step)
        reference, _ = self._progress(self.exams)
        if self._settled > 1 and self._agreed(_falls(exam, reference, CLEARLY)):
            return exam
        samples = self._drawn(examiner.num_samples, step)
        exam = examiner.measure(samples, step)
        if self._agreed(self._progress([*self.exams, exam])[1] >= self._settled - 1):
            exam = examiner.classify(exam, samples)
        return exam

    def _drawn(self, number: int, step: int) -> np.ndarray:
        drawn = self.model.generate(number, seed=self.seed + step)
        return drawn[0] if self.model.num_classes else drawn

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._examiner = None  # It holds the data.
        if self.reason == "no_progress" and self._best_weights is not None:
            self.model.averaged_generator.set_weights(self._best_weights)
        if self.exams and self.model.is_chief:
            print(f"\n{self._says()}")

    @property
    def _settled(self) -> int:
        """At equilibrium the distance has not fallen for so many exams."""
        return min(SETTLED, self.patience)

    @property
    def _best(self) -> Exam:
        """The exam with the smallest distance, in doubt one that is surer of it."""
        return min(self.exams, key=lambda exam: exam.distance + exam.error)

    def _progress(self, exams: Sequence[Exam]) -> tuple[Exam | None, int]:
        """In which of these exams the distance fell last, and how many there were after it."""
        reference, since = None, 0
        for exam in exams:
            since += 1
            if _falls(exam, reference):
                reference, since = exam, 0
        return reference, since

    def _reason_to_stop(self) -> str | None:
        _, since = self._progress(self.exams)
        are_passed = len(self.exams) > 1 and all(exam.is_passed for exam in self.exams[-2:])
        if are_passed and since >= self._settled:
            return "equilibrium"
        return "no_progress" if since >= self.patience else None

    def _says(self) -> str:
        """Why training was stopped, in sentences."""
        last, best = self.exams[-1], self._best
        if self.reason == "equilibrium":
            return (
                f"Equilibrium after {last.step:,} steps, and training stops: a classifier trained "
                f"from scratch tells samples from training data with an accuracy of "
                f"{last.accuracy:.2f}, and up to {last.most:.2f} is guessing."
            )
        data = "training" if self.held_out is None else "held-out"
        if self.reason is None:
            before = f", and was {best.distance:.3g} after {best.step:,} steps"
            return (
                f"Training has ended before there was a reason to stop it: the distance to {data} "
                f"data is {last.distance:.3g} ± {last.error:.1g}{before * (best != last)}. More "
                "epochs may bring it down."
            )
        copies = " Samples are nearer to training data than held-out data is."
        return (
            f"No progress in {self.patience} exams: the distance to {data} data is "
            f"{last.distance:.3g} ± {last.error:.1g}, and was {best.distance:.3g} after "
            f"{best.step:,} steps.{copies if last.memorizes else ''} Training stops, and "
            "averaged_generator has the weights from then."
        )

    def _agreed(self, value: int) -> int:
        """What the chief has found: other workers may have rounded otherwise."""
        return replicas.of_workers(self.model.distribute_strategy, int(value))[0]

    def get_state(self) -> dict[str, Any]:
        """What a backup keeps."""
        exams = [list(exam) for exam in self.exams]
        return {"exams": exams, "best_weights": self._best_weights, "reason": self.reason}

    def set_state(self, state: dict[str, Any]) -> None:
        """Takes what `get_state` returned."""
        self.exams = [Exam(*values) for values in state["exams"]]
        self._best_weights, self.reason = state["best_weights"], state["reason"]


def _falls(exam: Exam, before: Exam | None, number: int = 1) -> bool:
    """Whether the distance is smaller by more than so many standard errors of the difference."""
    if before is None:
        return math.isfinite(exam.distance)
    return exam.distance < before.distance - number * math.hypot(exam.error, before.error)


def _training_samples(data, num_batches, most):
    """Samples of what `fit` trains on: all of them, or of a stream those of an epoch."""
    pair = looking.training_pair(data, None, num_batches, most)
    if pair is None:
        raise ValueError(
            "EquilibriumStopping must look at training samples before training: give `fit` a data "
            "set of kgan.datasets, an array, a tf.data.Dataset or a keras.utils.PyDataset. "
            f"Received: {type(data).__name__}."
        )
    return pair[0]
