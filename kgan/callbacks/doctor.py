"""Says in words what is wrong with a game while it is played."""

import bisect
import collections
import dataclasses
import math
import warnings
from typing import Any

import keras
import numpy as np

from kgan import checks
from kgan.diagnosis import LEAST_READINGS, Judge, Probe, Reading, Risk, Symptom, find_risks
from kgan.diagnosis.probe import OF_AVERAGE, most_samples
from kgan.diagnosis.symptoms import advice
from kgan.game import batches, looking
from kgan.game import logs as logs_module
from kgan.game.players import is_finite

__all__ = ["Doctor"]

# How many readings a training has, where they are not too near to each other. The n-th of N comes
# after (n / N)^1.5 of it, since a game changes most at first.
NUM_READINGS, LEAST_STEPS, POWER = 36, 20, 1.5
# How many steps there are between two, where the length of a training is not known.
USUAL_STEPS = 500
# Held-out data that is farther than this from training data, as noise is, is something else.
FAR_OFF = 1.0
# With fewer training samples nothing can be concluded.
LEAST_SAMPLES = 32
# Held-out samples that are training data by chance, as some are twice in many data sets.
LEAST_KNOWN = 10


class Doctor(keras.callbacks.Callback):
    """Says when a game is sick, with the number that shows it, and what to change first.

    Before the first step it says what is unusual about the game, as a risk
    (`kgan.diagnosis.find_risks`). Now and then it asks D about training data, held-out data and
    generated samples, and compares the samples with real ones (`kgan.diagnosis.Probe`). From these
    readings it infers symptoms (`kgan.diagnosis.NAMES`). It says what it finds once when it has
    begun, once when it is over, and at the end if it has lasted; it is silent about a healthy game.
    If a risk that it has named often brings the symptom, it repeats the advice for that risk. It
    does not change training, except that a tf.data.Dataset or a PyDataset is looked at beforehand,
    which may move its shuffling on. Each `fit` begins with no readings and no symptoms.

    For each symptom that has been there, the logs of an epoch have a number from then on, such as
    `symptom_mode_collapse`, 1 while it lasts and 0 afterwards: put the callback before those that
    write logs.

    Args:
        held_out: samples `(num_samples, ...)` like those of the training that nobody trains on, at
            least 100; the pair of them and their labels; or a `kgan.datasets.Dataset`. `None`: it
            cannot tell whether D memorizes the training data, nor whether samples are copies.
        every_steps: how many steps pass between two readings. `None`: 36 readings of a
            training and one before it, half of them in its first third, but at least 20 steps
            apart; every 500 steps where the length of the training is unknown. It takes eleven
            readings to tell anything: a training that is too short for them has none, and the
            doctor says so.
        seed: of the latents, and of which samples are looked at.

    Attributes:
        risks: a list of `kgan.diagnosis.Risk`, what was unusual before the first step.
        symptoms: a list of `kgan.diagnosis.Symptom`, in the order in which they began.
        readings: a list of `kgan.diagnosis.Reading`, in their order.

    Raises:
        ValueError: for numbers out of range, or too few held-out samples; by `fit`, for held-out
            samples of another shape, or without labels where the networks take them; where the
            training data is an array or a data set of kgan, also for held-out samples as far from
            it as noise, or half of which are in it.

    Example:

    >>> gan = kgan.GAN(*kgan.architectures.mlp((8, 8, 1), latent_dim=8), seed=0)
    >>> gan.compile(discriminator_optimizer=keras.optimizers.SGD(1e-9))
    >>> doctor = kgan.callbacks.Doctor(kgan.datasets.digits("test"), every_steps=2)
    >>> _ = gan.fit(kgan.datasets.digits(), epochs=1, callbacks=[doctor], verbose=0)
    ... # doctest: +ELLIPSIS
    <BLANKLINE>
    Step ..., mode collapse since step ...: All samples are alike: they are ... times as far from...
    <BLANKLINE>
    The game is sick at the end of this training: mode collapse since step ...
    >>> doctor.symptoms[0].name
    'mode_collapse'
    """

    def __init__(
        self, held_out: Any = None, *, every_steps: int | None = None, seed: int = 0
    ) -> None:
        super().__init__()
        if every_steps is not None:
            checks.check_positive_integer("every_steps", every_steps)
        checks.check_seed(seed)
        self.held_out = None
        if held_out is not None:
            self.held_out = looking.held_out_pair(held_out, looking.LEAST_HELD_OUT)
        self.every_steps = every_steps
        self.seed = seed
        self.risks: list[Risk] = []
        self.symptoms: list[Symptom]
        self.readings: list[Reading]
        self._probe: Probe | None = None
        self._began = 0
        self._start(Judge())

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._probe, self.risks = None, []
        self._start(Judge())
        self._check_held_out()
        gan = self.model
        epochs, steps = ((self.params or {}).get(name) for name in ("epochs", "steps"))
        total = epochs * steps if steps else math.inf
        self._began = int(gan.step.numpy())
        self._between = self.every_steps or USUAL_STEPS
        self._planned = _planned(epochs * steps) if steps and not self.every_steps else None
        most = most_samples(gan.generator.output_shape[1:])
        data = gan.training_data
        training = looking.training_pair(data, gan.training_labels, steps or -1, most, self.seed)
        if training is None or len(training[0]) < LEAST_SAMPLES:
            found = "" if training is None else f" It found {len(training[0])} of them."
            warnings.warn(
                f"Doctor must look at {LEAST_SAMPLES} training samples before training, so it "
                f"cannot judge this game.{found} Give `fit` as many in a data set of "
                "kgan.datasets, an array, a tf.data.Dataset or a keras.utils.PyDataset.",
                stacklevel=2,
            )
            return
        num_samples = len(data) if batches.is_array(data) else getattr(data, "num_samples", None)
        self._begin(training, num_samples, total)

    def _begin(self, training: looking.Pair, num_samples: int | None, total: float) -> None:
        """Reads the game, if it will be read often enough, and says what is unusual about it."""
        gan = self.model
        is_new = not gan.step.numpy()
        self._check_is_apart(training[0], num_samples)
        self.risks = find_risks(gan, num_samples)
        least = (LEAST_READINGS - 1) * (self.every_steps or LEAST_STEPS)
        if total >= least:
            self._probe = Probe(gan, training, self.held_out, self.seed)
            if num_samples is not None:  # The first samples of a stream may all be of one kind.
                self._check_is_near(self._probe.held_out_distance)
            self._read()
            if is_new:
                self.risks = find_risks(gan, num_samples, self.readings[0])
        elif gan.is_chief:
            print(
                f"This training is too short for the doctor: it has {total:,} steps, and the "
                f"doctor needs {least:,}."
            )
        if gan.is_chief and is_new:  # A resumed training has been warned already.
            for risk in self.risks:
                print(f"Risk: {risk.says} {risk.advice}")

    def _check_held_out(self) -> None:
        if self.held_out is None:
            return
        samples, labels = self.held_out
        shape = tuple(self.model.generator.output_shape[1:])
        if samples.shape[1:] != shape:
            raise ValueError(
                f"`held_out` must hold samples of shape {shape}, as the generator draws. "
                f"Received: shape {samples.shape[1:]}."
            )
        if self.model.num_classes:
            checks.check_labels(labels, self.model.num_classes, len(samples))
        else:
            self.held_out = samples, None

    def _check_is_apart(self, training: np.ndarray, num_samples: int | None) -> None:
        """Raises if half of the held-out samples are training data, as far as can be seen.

        Data may repeat itself: then training data is like other training data, too. Of a stream
        nobody knows.
        """
        if self.held_out is None or num_samples is None:
            return
        rows = collections.Counter(np.asarray(row, "float32").tobytes() for row in training)
        held_out = self.held_out[0]
        found = sum(row.tobytes() in rows for row in held_out)
        twins = sum(number for number in rows.values() if number > 1) / len(training)
        half = len(training) / num_samples / 2  # Of the held-out samples, if half were known.
        if found >= max(max(half, 2 * twins) * len(held_out), LEAST_KNOWN):
            raise ValueError(
                "`held_out` must be data that nobody trains on. Received: data of which at least "
                "half is in the training data."
            )

    def _check_is_near(self, distance: float) -> None:
        """Raises if held-out samples are as far from the training data as noise, or farther."""
        if distance > FAR_OFF:
            raise ValueError(
                "`held_out` must be of the same kind as the training data, in the same range. "
                f"Received: samples with an energy distance of {distance:.3g} to it, over the "
                "mean distance of training samples; noise has about 1. Scale both alike."
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._step_of_batch_0: int | None = None

    # Because of a callback with `on_train_batch_end` Keras would wait for each batch's logs.
    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._step_of_batch_0 is None:
            self._step_of_batch_0 = int(self.model.step.numpy()) - batch
        self._reach(self._step_of_batch_0 + batch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._reach(int(self.model.step.numpy()))
        if logs is not None:
            for symptom in self.symptoms:
                logs[logs_module.SYMPTOM + symptom.name] = float(symptom.until_step is None)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._probe and self.readings[-1].is_finite and not is_finite(self.model):
            self._read()  # What ended it comes before the next reading.
        number = len(self.readings)
        if self._probe and number < LEAST_READINGS and not self.symptoms and self.model.is_chief:
            print(
                f"\nThis training was too short to judge: the doctor needs {LEAST_READINGS} "
                f"readings, and had {number}."
            )
        lasting = [symptom for symptom in self.symptoms if symptom.until_step is None]
        if lasting and self.model.is_chief:
            names = [
                f"{one.name.replace('_', ' ')} since step {one.since_step:,}" for one in lasting
            ]
            print(f"\nThe game is sick at the end of this training: {', '.join(names)}.")
        self._probe = None  # It holds data.

    def _reach(self, step: int) -> None:
        """Reads the game if a reading is due."""
        if self._probe and self._due(step) > self._due(self.readings[-1].step):
            self._read()

    def _due(self, step: int) -> int:
        """A number that grows by one whenever a reading is due."""
        if self._planned is None:
            return step // self._between
        return bisect.bisect_right(self._planned, step - self._began)

    def _start(self, judge: Judge) -> None:
        self._judge = judge
        self.symptoms, self.readings = judge.symptoms, judge.readings

    def _read(self) -> None:
        assert self._probe is not None
        before = list(self.symptoms)
        self._judge.add(self._probe.read(with_average=len(self.readings) % OF_AVERAGE == 0))
        if not self.model.is_chief:
            return
        now = self.readings[-1].step
        for i, symptom in enumerate(self.symptoms):
            name = symptom.name.replace("_", " ")
            if i >= len(before):
                since = f"{name} since step {symptom.since_step:,}"
                print(f"\nStep {now:,}, {since}: {symptom.says} {advice(symptom, self.risks)}")
            elif symptom != before[i]:
                print(
                    f"\nStep {symptom.until_step:,}: {name}, which began at step "
                    f"{symptom.since_step:,}, is over."
                )

    def get_state(self) -> dict[str, Any]:
        """What a backup keeps."""
        readings = [reading._asdict() for reading in self.readings]
        probe = self._probe and self._probe.get_state()
        risks = [dataclasses.asdict(risk) for risk in self.risks]
        return {"readings": readings, "probe": probe, "began": self._began, "risks": risks}

    def set_state(self, state: dict[str, Any]) -> None:
        """Takes what `get_state` returned."""
        known = [  # Others are of another version of kgan.
            Reading(**numbers)
            for numbers in state["readings"]
            if isinstance(numbers, dict) and numbers.keys() == set(Reading._fields)
        ]
        if not known:  # What was read as this training began is the first of it.
            return
        self._start(Judge())
        self._began = state.get("began", 0)
        if "risks" in state:  # Of the beginning, which has passed.
            self.risks = [Risk(**(one | {"names": tuple(one["names"])})) for one in state["risks"]]
        for reading in known:
            self._judge.add(reading)
        if self._probe and state["probe"]:
            self._probe.set_state(state["probe"])


def _planned(total: int) -> list[int]:
    """After how many steps a training of `total` steps is read."""
    found = [0]
    for i in range(1, NUM_READINGS + 1):
        found.append(max(found[-1] + LEAST_STEPS, math.ceil(total * (i / NUM_READINGS) ** POWER)))
    return [step for step in found[1:] if step <= total]
