"""What kgan asks of things that are not its own, or that a lower level must not import."""

import contextlib
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

__all__ = [
    "ChecksNumber",
    "ChecksSamples",
    "Differentiable",
    "DrawsForSamples",
    "FollowsAnswers",
    "FollowsTraining",
    "HasAveragedGenerator",
    "HasClasses",
    "HasExtremes",
    "HasIdentity",
    "HasState",
    "MovesPerUpdate",
    "NamesResults",
    "RestoresTraining",
    "StartsAnywhere",
    "TakesLabels",
]


@runtime_checkable
class StartsAnywhere(Protocol):
    """Data whose batch i is a function of i, so that a training can resume anywhere in it.

    `kgan.datasets.Dataset` is such data.
    """

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches per epoch."""

    def from_step(self, step: int) -> Any:
        """An endless `tf.data.Dataset` that starts at batch `step`."""


@runtime_checkable
class HasIdentity(Protocol):
    """Data that can be distinguished from other data."""

    @property
    def identity(self) -> dict[str, int]:
        """What distinguishes its batches from those of other data, as JSON can hold it."""


@runtime_checkable
class HasClasses(Protocol):
    """Data that says how many classes its labels have."""

    @property
    def num_classes(self) -> int | None:
        """The number of classes; None without labels."""


@runtime_checkable
class HasExtremes(Protocol):
    """Data whose smallest and largest values are known."""

    @property
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest value of all samples, as the networks see them."""


@runtime_checkable
class RestoresTraining(Protocol):
    """A callback that puts a GAN back where an interrupted training left it.

    `kgan.callbacks.BackupAndRestore` is such a callback.
    """

    def restore_training(
        self, gan: Any, data: Any, callbacks: Sequence[Any]
    ) -> contextlib.AbstractContextManager[Any]:
        """A context manager that yields a `Position`, or None where there is no backup.

        Of the `callbacks` of this training, those with a state get theirs back.
        """


@runtime_checkable
class HasState(Protocol):
    """A callback that remembers something of a training, which backups then keep."""

    def get_state(self) -> dict[str, Any]:
        """What it remembers: numbers, texts, arrays, lists and dicts of them, by name."""

    def set_state(self, state: dict[str, Any]) -> None:
        """Takes what `get_state` returned; called before the first batch of a resumed training.

        That is after `on_train_begin`; tuples have become lists.
        """


@runtime_checkable
class NamesResults(Protocol):
    """A Keras metric with several results."""

    @property
    def result_names(self) -> list[str]:
        """The names of its numbers, as they are in the logs."""


@runtime_checkable
class ChecksSamples(Protocol):
    """A Keras metric that knows which samples it can measure."""

    def check_samples(self, shape: tuple[int, ...]) -> None:
        """Raises ValueError where samples of this shape cannot be measured."""


@runtime_checkable
class ChecksNumber(Protocol):
    """A Keras metric that knows how many samples it needs."""

    def check_number(self, number: int) -> None:
        """Raises ValueError where `number` samples are too few."""


@runtime_checkable
class TakesLabels(Protocol):
    """A Keras metric whose `update_state(real_images, fake_images)` may take `labels=` too."""

    needs_labels: bool


@runtime_checkable
class Differentiable(Protocol):
    """A critic that gives its logits and their gradient from one forward pass."""

    def gradient(self, images: Any) -> tuple[Any, Any]:
        """The pair of the logits and the gradient, in the shape of `images`."""


@runtime_checkable
class DrawsForSamples(Protocol):
    """A critic that draws numbers for samples which may be only a share of the batch."""

    def uniform(self, images: Any, seed: Any) -> Any:
        """Numbers in [0, 1), one for each sample, float32 `(batch, 1, ...)`."""


@runtime_checkable
class FollowsTraining(Protocol):
    """An augmentation with state that changes from step to step.

    `kgan.augmentation.DiffAugment` is one: its strength may follow a schedule.
    """

    def begin_step(self, step: Any) -> None:
        """Called at the start of each training step, with `gan.step`."""


@runtime_checkable
class FollowsAnswers(Protocol):
    """An augmentation that follows how D answers.

    `kgan.augmentation.Adaptive` is one.
    """

    p: Any

    def observe(
        self, real_logits: Any, fake_logits: Any, threshold: Any, share: Any, look: Any
    ) -> None:
        """Called once per update of D, with its logits; `Adaptive` documents the arguments."""


@runtime_checkable
class MovesPerUpdate(Protocol):
    """A layer of D with state that moves once per update, however often D is called in it.

    `kgan.layers.SpectralNormalization` is one.
    """

    def begin_update(self) -> None:
        """Called at the start of each update of D."""


@runtime_checkable
class HasAveragedGenerator(Protocol):
    """A GAN, as exports see it."""

    averaged_generator: Any
    latent_distribution: str
    num_classes: int | None
