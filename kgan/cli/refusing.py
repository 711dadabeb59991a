"""What `kgan train` refuses before it writes anything."""

import importlib.util
import pathlib
from collections.abc import Sequence

import tensorflow as tf

from kgan import datasets, exports, runs
from kgan.cli.planning import Plan
from kgan.cli.saying import counted
from kgan.resumption import backups

__all__ = [
    "check_divisible",
    "check_enough",
    "check_formats",
    "check_not_diverged",
    "check_outside",
    "check_same_pictures",
    "check_tensorboard",
    "diverged",
]


def check_tensorboard(wanted: bool) -> None:
    """Raises where TensorBoard is asked for, and is not installed."""
    if wanted and importlib.util.find_spec("tensorboard") is None:
        raise ImportError(
            "--tensorboard needs TensorBoard: pip install tensorboard; or, in a clone of kgan, "
            "pip install '.[tensorboard]'."
        )


def check_outside(output: pathlib.Path, dataset: str | None) -> None:
    """Raises where what a run draws would be among the pictures that it learns from."""
    if dataset and output.expanduser().resolve().is_relative_to(dataset):
        raise runs.RunError(
            f"--output must not lie in the folder of pictures, {dataset}: what the run draws would "
            f"be among them the next time. Received: --output {output}."
        )


def check_formats(formats: Sequence[str] | None) -> None:
    """Raises where an export is asked for that is unknown, or whose extra is not installed."""
    try:
        exports.kinds(formats or ())
    except ValueError as error:
        said = str(error).replace("`format`", "--export").replace("format=", "--export ")
        raise runs.RunError(said) from error


def check_not_diverged(run: runs.Run) -> None:
    """Raises where the game of a run has diverged: with the same settings it would again."""
    if run.has_diverged:
        raise diverged(run)


def diverged(run: runs.Run) -> runs.RunError:
    """The error that says that the game of a run has diverged, and what to do."""
    more = f"; `kgan diagnose {run.folder}` may say why" * any(run.backup.glob("*.keras"))
    return runs.RunError(
        f"The game of {run.folder} has diverged: its losses or weights became NaN or infinite "
        f"(see {run.log}{more}). The same command would diverge again. Start over in another "
        "--output, with a lower --set learning_rate, a stronger penalty such as --set "
        "penalties=r1:10, or another --seed."
    )


def check_divisible(batch_size: int, strategy: tf.distribute.Strategy | None) -> None:
    """Raises where the replicas cannot have equal shares, before anything is written."""
    number = strategy.num_replicas_in_sync if strategy else 1
    if batch_size % number:
        raise runs.RunError(
            f"--batch-size must be a multiple of the number of replicas, {number}: each gets as "
            f"many samples. Received: a batch size of {batch_size}."
        )


def check_enough(plan: Plan, dataset: datasets.Dataset, run: runs.Run) -> None:
    """Raises where there are fewer pictures than the batch that was chosen when the run began."""
    size, is_given = plan.recipe.batch_size, "batch_size" in plan.given
    if dataset.num_samples < size and not is_given and run.chosen:
        raise runs.RunError(
            f"The run in {run.folder} has batches of {size}, and {plan.recipe.dataset} now has "
            f"only {counted(dataset.num_samples, 'picture')} to train on. Put back the ones that "
            "were there, or choose another --output."
        )


def check_same_pictures(plan: Plan, dataset: datasets.Dataset, run: runs.Run) -> None:
    """Raises where a run cannot be resumed because its folder of pictures has changed."""
    if run.learns_from(dataset) or backups.find(run.backup) is None:
        return
    folder, number = plan.recipe.dataset, run.trained_on["num_samples"]
    now = "some are others" if number == dataset.num_samples else f"now {dataset.num_samples:,}"
    raise runs.RunError(
        f"The pictures in {folder} are not those that the run in {run.folder} was begun with: "
        f"{number:,} then, {now}. Nothing was touched. Put back what was there, or train its GAN "
        f"on these: kgan train --from {run.folder} --dataset {folder} --output ..."
    )
