"""Says in words what is wrong with a game while it is played."""

import bisect
import dataclasses
import math
import warnings
from typing import Any

import keras

from kgan import checks
from kgan.diagnosis import LEAST_READINGS, Judge, Probe, Reading, Risk, Symptom, find_risks
from kgan.diagnosis.probe import OF_AVERAGE, most_samples
from kgan.diagnosis.symptoms import advice
from kgan.game import batches, looking
from kgan.game import logs as logs_module
from kgan.game.players import is_finite
from kgan.gan import GAN

__all__ = ["Doctor"]

# How many readings a training has, where they are not too near to each other. The n-th of N comes
# after (n / N)^1.5 of it, since a game changes most at first.
NUM_READINGS, LEAST_STEPS, POWER = 36, 20, 1.5
# How many steps there are between two, where the length of a training is not known.
USUAL_STEPS = 500
# With fewer training samples nothing can be concluded.
LEAST_SAMPLES = 32


class Doctor(keras.callbacks.Callback):
    """Says when a game is sick, with the number that shows it, and what to change first.

    Before the first step it says what is unusual about the game, as a risk
    (`kgan.diagnosis.find_risks`). Now and then it asks D about training data, held-out data and
    generated samples, and compares the samples with real ones (`kgan.diagnosis.Probe`). From these
    readings it infers symptoms (`kgan.diagnosis.NAMES`). It says what it finds once when it has
    begun, once when it is over, and at the end if it has lasted; it is silent about a healthy game.
    If a risk that it has named often brings the symptom, it repeats the advice for that risk. It
    does not change training, except that a tf.data.Dataset or a PyDataset is looked at beforehand,
    which may move its shuffling on. Each `fit` that does not resume another begins with no
    readings and no symptoms.

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
            it as noise, in another range, or half of which are in it.
        TypeError: by `fit`, if the model is not a `kgan.GAN`.

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

    def set_model(self, model: keras.Model) -> None:
        if not isinstance(model, GAN):
            raise TypeError(f"kgan.callbacks.Doctor is for a kgan.GAN. Received: {model!r}.")
        super().set_model(model)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._probe = None
        self._start(Judge())
        held_out = self._checked_held_out()
        gan = self.model
        epochs, steps = ((self.params or {}).get(name) for name in ("epochs", "steps"))
        self._began = int(gan.step.numpy())
        self._between = self.every_steps or USUAL_STEPS
        self._planned = _planned(epochs * steps) if steps and not self.every_steps else None
        most = most_samples(gan.generator.output_shape[1:])
        data = gan.training_data
        training = looking.training_pair(data, gan.training_labels, steps or -1, most, self.seed)
        is_known = batches.is_array(data) or hasattr(data, "samples")  # A stream's size is not.
        num_samples = getattr(data, "num_samples", len(data)) if is_known else None
        self.risks = find_risks(gan, num_samples)
        if self._can_judge(training, epochs * steps if steps else math.inf):
            assert training is not None
            if held_out and num_samples is not None:
                looking.check_apart(held_out[0], training[0], num_samples)
            self._probe = Probe(gan, training, held_out, self.seed)
            if num_samples is not None:  # The first samples of a stream may all be of one kind.
                looking.check_near(self._probe.held_out_distance, self._probe.held_out_variety)
            self._read()
            if not self._began:
                self.risks = find_risks(gan, num_samples, self.readings[0])
        if gan.is_chief and not self._began:  # A resumed training has been warned already.
            for risk in self.risks:
                print(f"Risk: {risk.says} {risk.advice}")

    def _can_judge(self, training: looking.Pair | None, total: float) -> bool:
        """Whether there are samples enough, and steps; says so where there are not."""
        if training is None or len(training[0]) < LEAST_SAMPLES:
            found = "data that can be read only once"
            if training is not None:
                found = f"{len(training[0])} different samples"
            warnings.warn(
                f"Doctor must look at {LEAST_SAMPLES} training samples before training, and cannot "
                "judge this game. They may be in a data set of kgan.datasets, an array, a "
                f"tf.data.Dataset or a keras.utils.PyDataset. Received: {found}.",
                stacklevel=3,
            )
            return False
        least = (LEAST_READINGS - 1) * (self.every_steps or LEAST_STEPS)
        if total < least and self.model.is_chief:
            often = f" with every_steps={self.every_steps}" if self.every_steps else ""
            print(
                f"This training is too short for the doctor: it has {total:,} steps, and{often} "
                f"the doctor needs {least:,}."
            )
        return total >= least

    def _checked_held_out(self) -> looking.Pair | None:
        """Held-out samples, and their labels where the game has any; raises if they do not fit."""
        if self.held_out is None:
            return None
        samples, labels = self.held_out
        looking.check_shape(samples, self.model)
        if not self.model.num_classes:
            return samples, None
        if labels is None:
            raise ValueError(
                "`held_out` must be the pair of samples and their labels, since the networks take "
                "labels. Received: samples alone."
            )
        checks.check_labels(labels, self.model.num_classes, len(samples))
        return samples, labels

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
        is_short = self._probe and number < LEAST_READINGS and not self.symptoms
        has_trained = int(self.model.step.numpy()) > self._began  # Not only restored.
        if is_short and has_trained and self.model.is_chief:
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
