"""What a GAN measures of itself: its logs, and the evaluation, which leaves training alone."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from kgan import checks, losses
from kgan.game import batches, logs, networks, replicas
from kgan.game.batches import is_array, num_trained_on
from kgan.protocols import FollowsAnswers, StartsAnywhere

__all__ = ["MeasuredModel"]


class MeasuredModel(keras.Model):
    """A base of `kgan.GAN`: what Keras asks a model about logs, and single batches."""

    loss: losses.AdversarialLoss
    penalties: Sequence[Any]
    log_gradient_norms: bool
    _augmentations: list[keras.Layer]
    training_data: Any = None  # While `fit` runs; labels, where they are given by themselves.
    training_labels: Any = None
    _is_evaluating = False
    _checked: int | None = None  # The id of data that `fit` has checked.

    def _begin_logs(self, metrics: Sequence[keras.metrics.Metric] | None) -> None:
        self.evaluation_metrics = list(metrics or ())
        names = logs.names(self.loss, self.penalties)
        norms = logs.GRADIENT_NORMS if self.log_gradient_norms else ()
        follows = networks.of_kind(self._augmentations, FollowsAnswers)
        others = [logs.AUGMENTATION_PROBABILITY] if follows else []
        self.game_log = logs.RunningMeans([*names, *norms, *others])
        self.evaluation_log = logs.RunningMeans(names, "evaluation_log")

    @property
    def is_chief(self) -> bool:
        """Whether this process writes files: of several workers only one does."""
        return replicas.is_chief(self.distribute_strategy)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The running means of training, or while evaluating those of the evaluation."""
        if not self.compiled:
            return []
        log = self.evaluation_log if self._is_evaluating else self.game_log
        return [log, *self.evaluation_metrics]

    def evaluate(
        self, x: Any = None, y: Any = None, *, return_dict: bool = False, **kwargs: Any
    ) -> Any:
        """The logs of the game on held-out data, where nobody learns; `keras.Model.evaluate`.

        It may be called at any time, in the middle of an epoch too: training is not changed.

        Args:
            x, y: as in `fit`.
            return_dict: whether the numbers come with their names; otherwise a list, in the order
                of `metrics_names`.
            **kwargs: as in `keras.Model.evaluate`.

        Raises:
            TypeError, ValueError: as by `fit`.
        """
        checks.check_compiled(self, "evaluate")
        x = batches.peeked(x)
        if self._checked is None or id(x) != self._checked:
            checks.check_evaluate(self, x, y, **kwargs)
        x, kwargs["steps"] = self._for_workers(x, kwargs.get("steps"))
        # Within `fit`, it is `fit` that explains: callbacks look at what TensorFlow raised.
        explained = replicas.explained if self.training_data is None else contextlib.nullcontext
        with self._evaluation(), explained(self.distribute_strategy):
            x = iter(x) if isinstance(x, batches.Peeked) else x
            log = super().evaluate(x, y, return_dict=True, **kwargs)
        return log if return_dict else [log[name] for name in self.metrics_names]

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """As in `keras.Model`, with the checks of `fit`, in the order of `metrics_names`."""
        checks.check_compiled(self, "train_on_batch")
        self._check_one_device("train_on_batch", "fit")
        weights = {"sample_weight": sample_weight, "class_weight": class_weight}
        checks.check_fit(self, x, y, _num_rows(x), **weights)
        log = super().train_on_batch(x, y, return_dict=True)
        return log if return_dict else [log[name] for name in self.game_log.names]

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """As in `keras.Model`, in the order of `metrics_names`; training is not changed."""
        checks.check_compiled(self, "test_on_batch")
        self._check_one_device("test_on_batch", "evaluate")
        checks.check_evaluate(self, x, y, _num_rows(x), sample_weight=sample_weight)
        with self._evaluation():
            super().test_on_batch(x, y, return_dict=True)
            log = {name: float(value) for name, value in self.get_metrics_result().items()}
        return log if return_dict else [log[name] for name in self.metrics_names]

    def _check_one_device(self, method: str, other: str) -> None:
        """Raises where Keras would give every replica the whole batch."""
        number = self.distribute_strategy.num_replicas_in_sync
        if number > 1:
            raise ValueError(
                f"`{method}` is for one device: use `{other}`, which gives each replica its share "
                f"of a batch. Received: a GAN on {number} replicas."
            )

    def _for_workers(self, data: Any, steps: int | None) -> tuple[Any, int | None]:
        """Held-out data as several workers take it, if it is kgan's, and its number of batches."""
        strategy = self.distribute_strategy
        if replicas.number_of_workers(strategy) == 1 or not isinstance(data, StartsAnywhere):
            return data, steps
        most = data.steps_per_epoch
        return replicas.split_among_workers(strategy, data), min(steps or most, most)

    def _for_this_worker(
        self,
        validation_data: Any = None,
        validation_steps: int | None = None,
        verbose: Any = "auto",
        **others: Any,
    ) -> dict[str, Any]:
        """These arguments of `fit`, as this one of several workers takes them."""
        data, steps = self._for_workers(validation_data, validation_steps)
        shown = verbose if self.is_chief else 0
        found = {"validation_data": data, "validation_steps": steps, "verbose": shown}
        return found if data is None else found | {"validation_split": 0.0}  # Keras ignores it.

    # A private name of Keras. There it reads a batch to build what is not built yet, of a GAN
    # nothing, and fails on pairs of images and labels that several workers have split up.
    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        pass

    @contextlib.contextmanager
    def _evaluation(self) -> Iterator[None]:
        before, self._is_evaluating = self._is_evaluating, True
        try:
            yield
        finally:
            self._is_evaluating = before

    @contextlib.contextmanager
    def _training(
        self,
        data: Any,
        labels: Any,
        validation_data: Any = None,
        validation_split: float = 0.0,
        **others: Any,
    ) -> Iterator[None]:
        """Knows `data` for as long as `fit` runs, and that its validation data has been checked."""
        if is_array(data):  # Keras trains on the first rows.
            number = num_trained_on(data, validation_split)
            data, labels = data[:number], None if labels is None else labels[:number]
        self.training_data, self.training_labels = data, labels
        if validation_data is not None:
            self._checked = id(keras.utils.unpack_x_y_sample_weight(validation_data)[0])
        try:
            with replicas.explained(self.distribute_strategy):
                yield
        finally:
            self._checked = self.training_data = self.training_labels = None

    def reset_metrics(self) -> None:
        """As in `keras.Model`; while evaluating, only what belongs to the evaluation."""
        super().reset_metrics()
        if not self._is_evaluating:
            self.evaluation_log.reset_state()

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns."""
        return logs.log_names(self) if self.compiled else []


def _num_rows(x: Any) -> int:
    if not batches.is_array(x):
        raise TypeError(
            "`x` must be a batch, an array of samples; for data in other forms there are `fit` and "
            f"`evaluate`. Received: {type(x).__name__}."
        )
    return len(x)
