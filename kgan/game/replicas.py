"""Everything that depends on there being several devices: replicas, each with a share of the batch.

TensorFlow runs a step on each device at once, each on its own rows of the batch. Random numbers
are drawn for the whole batch, and each replica takes its rows; means are taken over the rows of all
replicas. So any number of replicas plays the same game. On one device nothing here adds anything
to the graph.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import tensorflow as tf

__all__ = [
    "WHOLE",
    "Share",
    "WorkerLostError",
    "are_mirrored",
    "explained",
    "gather",
    "is_chief",
    "is_mirrored",
    "number",
    "number_of_workers",
    "of_workers",
    "place",
    "sent_as_one",
    "share_of",
    "shared_out",
    "split_among_workers",
    "sums",
    "total",
    "with_names",
    "within_scope",
]

_Method = TypeVar("_Method", bound=Callable[..., Any])

# What TensorFlow raises where a worker waits for one that is gone.
GONE = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)

_BETWEEN_NAMES = "\n"


class WorkerLostError(RuntimeError):
    """One of several workers stopped or cannot be reached."""


class Share(NamedTuple):
    """The rows of the whole batch that a replica has.

    Args:
        first: the place of its first row in the batch.
        number: how many rows it has.
        total: how many rows the batch has.
    """

    first: Any
    number: Any
    total: Any

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole batch, as on one device."""
        return self.number is self.total

    def of(self, draw: Callable[[Any], Any]) -> Any:
        """The rows of `draw(total)` that are this replica's; the draw is the same on all."""
        if self.is_whole:
            return draw(self.total)
        return draw(self.total)[self.first : self.first + self.number]

    def weighted(self, mean: Any) -> Any:
        """What a mean over these rows adds to the mean over the batch; no rows add 0."""
        if self.is_whole:
            return mean
        weight = tf.cast(self.number, "float32") / tf.cast(self.total, "float32")
        return tf.where(tf.greater(self.number, 0), weight * mean, tf.zeros_like(mean))


# All rows of a batch, whose number is not asked for.
WHOLE = Share(0, None, None)


def number() -> int:
    """The number of replicas; 1 on one device."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def place() -> Any:
    """The place of this replica among all, from 0: an int, or an int32 scalar tensor."""
    context = tf.distribute.get_replica_context()
    return context.replica_id_in_sync_group if context and number() > 1 else 0


def share_of(images: Any) -> Share:
    """The rows of the whole batch that `images` are.

    Where the number of rows is known when the step is traced, all replicas have as many; otherwise,
    as at the end of an array, they are counted.
    """
    if number() == 1:
        rows = tf.shape(images)[0]
        return Share(0, rows, rows)
    rows = images.shape[0]
    if rows is not None and not tf.executing_eagerly():
        return Share(place() * rows, rows, number() * rows)
    rows = tf.shape(images)[0]
    counts = total(tf.one_hot(place(), number()) * tf.cast(rows, "float32"))
    counts = tf.cast(counts, "int32")
    return Share(tf.reduce_sum(counts[: place()]), rows, tf.reduce_sum(counts))


def total(values: Any) -> Any:
    """The sum over all replicas of a tensor, or of each of a list of them."""
    if number() == 1:
        return values
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, values)


def sums(gradients: Sequence[Any]) -> list[Any]:
    """Gradients, each summed over all replicas; None where a weight has none."""
    totals = iter(total([tf.convert_to_tensor(one) for one in gradients if one is not None]))
    return [None if one is None else next(totals) for one in gradients]


def shared_out(sums: Sequence[Any]) -> list[Any]:
    """What each replica gives an optimizer that will sum over them, for it to arrive at `sums`."""
    return [None if one is None else one / number() for one in sums]


def gather(rows: Any) -> Any:
    """The rows of all replicas, in the order of the batch."""
    if number() == 1:
        return rows
    return tf.distribute.get_replica_context().all_gather(rows, axis=0)


def number_of_workers(strategy: tf.distribute.Strategy | None = None) -> int:
    """The number of processes that train together; 1 without a cluster."""
    resolver = (strategy or tf.distribute.get_strategy()).cluster_resolver
    workers = resolver.cluster_spec().as_dict() if resolver else {}
    return max(1, sum(len(tasks) for kind, tasks in workers.items() if kind in ("chief", "worker")))


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes files: one of several workers; always, where it is alone."""
    if number_of_workers(strategy) == 1:
        return True
    resolver = strategy.cluster_resolver
    has_chief = "chief" in resolver.cluster_spec().as_dict()
    return resolver.task_type == ("chief" if has_chief else "worker") and resolver.task_id == 0


def of_workers(strategy: tf.distribute.Strategy, value: int) -> list[int]:
    """The values that the workers have, in their order; each waits for the others here.

    Args:
        strategy: of the GAN.
        value: an integer, that of this worker.
    """
    if number_of_workers(strategy) == 1:
        return [value]

    @tf.function
    def gathered() -> Any:
        return strategy.run(lambda: gather(tf.constant([value], "int64")))

    every = strategy.experimental_local_results(gathered())[0].numpy().tolist()
    return every[:: len(every) // number_of_workers(strategy)]


@contextlib.contextmanager
def explained(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns TensorFlow's errors about a lost worker into one that says what to do.

    Raises:
        WorkerLostError: instead of what TensorFlow raises.
    """
    try:
        yield
    except GONE as error:
        if number_of_workers(strategy) == 1:
            raise
        lines = str(error).strip().splitlines()
        reason = next((line for line in lines if "aborted by" in line), lines[0])
        raise WorkerLostError(
            "Another worker stopped or cannot be reached, so this one stops too. Look at the "
            "output of the others for the reason. With a BackupAndRestore, as in `kgan train`, the "
            "same command on all workers resumes the training. "
            f"({type(error).__name__}: {reason})"
        ) from error


@contextlib.contextmanager
def sent_as_one(model: Any, step: str) -> Iterator[None]:
    """Within it, a step of a model returns its logs as Keras takes them from several workers.

    Keras takes the mean over the first axis of each value that they return, and scalars have none
    (https://github.com/keras-team/keras/issues/20585). The workers talk for each, so all values
    are sent as one, `(1, number of logs)`, under the names of all; `with_names` undoes it.

    Args:
        model: whose train or test function is made.
        step: `"train_step"` or `"test_step"`.
    """
    if number_of_workers(model.distribute_strategy) == 1:
        yield
        return
    original = getattr(model, step)

    def as_one(data: Any) -> dict[str, Any]:
        found = original(data)
        values = [tf.reshape(tf.cast(value, "float32"), ()) for value in found.values()]
        return {_BETWEEN_NAMES.join(found): tf.stack(values)[tf.newaxis]}

    setattr(model, step, as_one)
    try:
        yield
    finally:
        delattr(model, step)


def with_names(
    strategy: tf.distribute.Strategy, function: Callable[[Any], dict[str, Any]]
) -> Callable[[Any], dict[str, Any]]:
    """A train or test function whose logs have their own names again, after `sent_as_one`."""
    if number_of_workers(strategy) == 1:
        return function

    def with_own_names(iterator: Any) -> dict[str, Any]:
        ((names, values),) = function(iterator).items()
        return dict(zip(names.split(_BETWEEN_NAMES), tf.unstack(values), strict=True))

    return with_own_names


# Data


def split_among_workers(
    strategy: tf.distribute.Strategy, data: Any, is_endless: bool = False
) -> Any:
    """Whole batches as several workers take them: each only its own rows.

    TensorFlow by itself would give whole batches to the workers in turn. On one worker it splits
    each batch among the devices, which is what is wanted.

    Args:
        strategy: of the GAN.
        data: a `tf.data.Dataset` of batches, of a size that is known and that the number of
            replicas divides.
        is_endless: whether it never ends: then TensorFlow need not ask all workers, before each
            step, whether they still have data.

    Returns:
        What `fit` takes in place of `data`.
    """
    workers = number_of_workers(strategy)
    if workers == 1:
        return data
    devices = strategy.num_replicas_in_sync // workers

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        def of_devices(*batch: Any) -> tf.data.Dataset:
            shares = [
                tf.reshape(part, (workers, devices, -1, *part.shape[1:]))[context.input_pipeline_id]
                for part in batch
            ]
            return tf.data.Dataset.from_tensor_slices(tuple(shares) if shares[1:] else shares[0])

        rows = data.flat_map(of_devices)
        if is_endless:
            infinite = tf.data.experimental.INFINITE_CARDINALITY
            rows = rows.apply(tf.data.experimental.assert_cardinality(infinite))
        own.append(rows)
        return rows

    own: list[tf.data.Dataset] = []
    split = strategy.distribute_datasets_from_function(of_worker)
    if devices == 1 and "CPU" in strategy.extended.worker_devices[0]:
        _iterate_here(split, own[0])
    return split


def _iterate_here(split: Any, own: tf.data.Dataset) -> None:
    """Makes a distributed data set iterate over `own` in Python.

    With one CPU device there is nothing to distribute, and TensorFlow's distributed iterator makes
    every step slower.
    """

    class Rows(type(split)):  # type: ignore[misc]
        def __iter__(self) -> Iterator[Any]:
            return (batch for batch in own)  # Keras would step through a tf.data iterator itself.

    split.__class__ = Rows


# Scopes


def are_mirrored(strategy: tf.distribute.Strategy) -> bool:
    """Whether variables that are made within the scope of `strategy` are on all its devices."""
    mirrored = tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy
    return isinstance(strategy, mirrored)


def within_scope(method: _Method) -> _Method:
    """The method of a model, run within the scope that the model was made in."""

    @functools.wraps(method)
    def run(self: Any, *arguments: Any, **options: Any) -> Any:
        with self.distribute_strategy.scope():
            return method(self, *arguments, **options)

    return cast(_Method, run)


def is_mirrored(variable: Any) -> bool:
    """Whether a Keras variable was made within the scope of such a strategy."""
    return isinstance(getattr(variable, "value", variable), tf.distribute.DistributedValues)
