"""`kgan train`, and `kgan recipes`."""

import contextlib
import dataclasses
import pathlib
import warnings
from typing import Any

import keras
import rich.markup
import rich.table
import tensorflow as tf

from kgan import callbacks, datasets, exports, files, metrics, plots, recipes, runs
from kgan.cli import data_of_runs, exporting
from kgan.cli.devices import strategy_for
from kgan.cli.progress import ProgressLine
from kgan.cli.saying import Quiet, command, console, counted, suggest, tell
from kgan.game import replicas
from kgan.game.players import is_finite

__all__ = ["list_recipes", "train"]


@command
def train(
    name: str | None,
    output: pathlib.Path | None,
    formats: list[str] | None,
    best: bool = False,
    devices: str | None = None,
    *,
    quiet: Quiet = contextlib.nullcontext,
    **given: Any,
) -> None:
    """Trains a recipe, or goes on with it.

    Args:
        name: of the recipe; None for the one that the data set suggests.
        output: the run's folder; None for saved_models and the recipe's name.
        formats: of the exports that are made when training has ended; None or empty for none.
        best: whether the GAN of the best epoch is kept, by the Fréchet distance to held-out data.
        devices: how many GPUs of this machine, a number or `"all"`; None for one.
        quiet: as of `exporting.write`.
        **given: what is to differ from the recipe; None where nothing is.
    """
    strategy = strategy_for(devices)  # TensorFlow wants to know before it does anything else.
    name = name or _recipe_for(given["dataset"])
    exports.kinds(formats or ())  # An extra that is missing is no news for the end.
    given["dataset"] = _resolved(given["dataset"])
    given = {key: value for key, value in given.items() if value is not None}
    recipe = dataclasses.replace(recipes.get(name), **given)
    recipe = dataclasses.replace(recipe, precision=recipes.resolve_precision(recipe.precision))
    _check_divisible(recipe.batch_size, strategy)
    options = ("dataset", "image_size", "conditional", "epochs", "batch_size", "precision", "seed")
    asked = {"recipe": name, **{option: getattr(recipe, option) for option in options}}
    asked |= {option: given[option] for option in ("channels", "value_range") if option in given}
    asked |= {"best": True} if best else {}
    output = output or pathlib.Path("saved_models") / (name + "_conditional" * recipe.conditional)
    _check_outside(output, given.get("dataset"))
    run = runs.at(output, asked)
    if strategy and not replicas.is_chief(strategy):
        if not run.has_ended(recipe.epochs):
            _follow(recipe, run, asked, strategy)
        return
    if run.has_ended(recipe.epochs):
        tell(f"The run in {run.folder} has ended already, and is left as it is.")
        missing = [format for format in formats or () if format not in run.exported]
        if missing:  # What was killed while it exported, or is asked for only now.
            gan, _ = runs.find(run.folder)
            _export(gan, run, missing, exporting.known(run, gan), quiet)
    else:
        _train(name, recipe, run, asked, formats, quiet, strategy)
    _summarize(run)


def _resolved(dataset):
    """The data set's name, or its path from the root: a run knows it wherever it is called from."""
    if dataset and datasets.is_directory(dataset):
        return str(pathlib.Path(dataset).expanduser().resolve())
    return dataset


def _check_outside(output, dataset):
    """Raises where what a run draws would be among the pictures that it learns from."""
    if dataset and output.expanduser().resolve().is_relative_to(dataset):
        raise runs.RunError(
            f"--output must not lie in the folder of pictures, {dataset}: what the run draws would "
            f"be among them the next time. Received: --output {output}."
        )


def _check_divisible(batch_size, strategy):
    """Raises where the replicas cannot have equal shares, before anything is written."""
    number = strategy.num_replicas_in_sync if strategy else 1
    if batch_size % number:
        raise runs.RunError(
            f"--batch-size must be a multiple of the number of replicas, {number}: each gets as "
            f"many samples. Received: a batch size of {batch_size}."
        )


def _recipe_for(dataset):
    if dataset is None:
        return "digits"
    return dataset if dataset in recipes.ALL else "pictures"


def _train(name, recipe, run, asked, formats, quiet, strategy=None):
    files.check_free(run.folder)  # It is held when the data is there: what fails leaves no folder.
    dataset, gan, validation = _prepared(recipe, asked, strategy)
    with files.held(run.folder):
        runs.at(run.folder, asked)  # Another process may have had the folder meanwhile.
        devices = _described_devices(gan)
        run.begin(asked, dataset.class_names, dataset.value_range, devices)
        _announce(name, recipe, dataset, gan, run)
        if run.log.exists() and not any(run.backup.glob("*.keras")):
            tell("Training was stopped before its first backup, and begins again.")
        progress = ProgressLine(console)
        watching = [
            callbacks.SampleGrid(run.samples, every_epochs=max(1, recipe.epochs // 30)),
            callbacks.CSVLogger(run.log),
            progress,
        ]
        with progress.bar:
            history = _fit(gan, dataset, recipe.epochs, run, watching, **validation)
        plots.save(run.history, plots.history(history.history))
        if validation:
            gan = keras.models.load_model(run.best)
        run.end(gan, asked)
        if formats:
            shape = gan.generator.output_shape[1:]
            known = data_of_runs.reference(recipe.dataset, shape, lambda: dataset)
            _export(gan, run, formats, known | {"class_names": run.class_names}, quiet)


def _follow(recipe, run, asked, strategy):
    """Trains as one of several workers that is not the chief: it reads, and writes nothing."""
    dataset, gan, validation = _prepared(recipe, asked, strategy)
    _fit(gan, dataset, recipe.epochs, run, [], **validation)


def _prepared(recipe, asked, strategy):
    """The data, the GAN, and what tells the best epoch: arguments of `_fit`."""
    if not tf.config.list_physical_devices("GPU"):  # There kgan promises less.
        tf.config.experimental.enable_op_determinism()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of files that are skipped `_announce` tells.
        dataset = recipe.load()
    if strategy is None:
        validation, metric = _validation(recipe, dataset) if asked.get("best") else ({}, [])
        return dataset, recipe.build(dataset, metric), validation
    number = strategy.num_replicas_in_sync
    validation, metric = _validation(recipe, dataset, number) if asked.get("best") else ({}, [])
    with replicas.explained(strategy), strategy.scope():
        return dataset, recipe.build(dataset, metric), validation


def _export(gan, run, formats, known, quiet):
    exporting.write(gan, run.folder, formats, quiet=quiet, **known)
    run.add_exports(formats)


def _validation(recipe, dataset, num_replicas=1):
    """What the best epoch is told by: arguments of `_fit`, and a list of one Keras metric."""
    options = {"image_size": recipe.image_size, "with_labels": recipe.conditional}
    options["seed"] = recipe.seed
    if datasets.takes_image_size(recipe.dataset):
        options["value_range"] = dataset.value_range
    size = 100 - 100 % num_replicas  # Each replica gets as many.
    held_out = datasets.load_held_out(recipe.dataset, batch_size=size, **options)
    if held_out is None:
        raise runs.RunError(
            "--best needs data that nobody trains on, and there is none of "
            f"{recipe.dataset}: it has neither a test nor a validation split."
        )
    shape = tf.nest.flatten(dataset.element_spec)[0].shape[1:]
    metric = metrics.FrechetDistance(data_of_runs.features_for(recipe.dataset, tuple(shape)))
    return {"held_out": held_out, "monitor": f"val_{metric.name}"}, [metric]


def _fit(gan, dataset, epochs, run, watching, held_out=None, monitor=None):
    """Trains, and returns Keras's history; `watching` are the callbacks of this process alone."""
    all_have = [callbacks.TerminateOnNaN(), callbacks.BackupAndRestore(run.backup)]
    if monitor:
        all_have.insert(0, callbacks.BestGenerator(run.best, monitor))
    every = [*all_have, *watching]
    history = gan.fit(dataset, epochs=epochs, verbose=0, callbacks=every, validation_data=held_out)
    if gan.stop_training or len(history.epoch) < epochs or not is_finite(gan):
        raise runs.RunError(
            f"The game diverged in epoch {len(history.epoch)}: see {run.log}. Start over in "
            "another --output, with another --seed or recipe."
        )
    return history


def _announce(name, recipe, dataset, gan, run):
    shape = "×".join(map(str, tf.nest.flatten(dataset.element_spec)[0].shape[1:]))
    epochs = counted(recipe.epochs, "epoch")
    rows = [
        ("recipe", name),
        ("data", f"{recipe.dataset}: {dataset.num_samples:,} samples of {shape}"),
        *_described_values(dataset.value_range),
        *_described_classes(dataset),
        *_described_skipped(dataset.skipped),
        ("generator", f"{gan.generator.count_params():,} weights"),
        ("discriminator", f"{gan.discriminator.count_params():,} weights"),
        ("training", f"{epochs} of {counted(dataset.steps_per_epoch, 'step')}"),
        (
            "",
            f"of {counted(recipe.batch_size, 'sample')}, in {recipe.precision}, seed {recipe.seed}",
        ),
        *_told_devices(gan),
        ("output", str(run.folder)),
    ]
    table = rich.table.Table.grid(padding=(0, 2))
    for key, value in rows:
        table.add_row(f"[dim]{key}", rich.markup.escape(value))
    console.print(table)


def _described_devices(gan):
    """How many replicas and workers there are, as run.json has it."""
    strategy = gan.distribute_strategy
    workers = replicas.number_of_workers(strategy)
    return {"num_replicas": strategy.num_replicas_in_sync, "num_workers": workers}


def _told_devices(gan):
    number, workers = _described_devices(gan).values()
    if number == 1:
        return []
    among = f", of {counted(workers, 'worker')}" if workers > 1 else ""
    return [("devices", f"{counted(number, 'replica')}{among}: each has a share of the batch")]


def _described_values(value_range):
    if value_range is None:
        return []
    low, high = value_range
    return [("values", f"{low:g} to {high:g} become -1 to 1")]


def _described_classes(dataset):
    if not dataset.num_classes:
        return []
    names = dataset.class_names or [str(label) for label in range(dataset.num_classes)]
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return [("classes", f"{dataset.num_classes}: {shown}")]


def _described_skipped(skipped):
    if not skipped:
        return []
    lines = [f"{path.name}: {reason}" for path, reason in skipped[:5]]
    more = [f"and {len(skipped) - 5} more"] if len(skipped) > 5 else []
    return [("skipped", "\n".join([f"{len(skipped)} files", *lines, *more]))]


def _summarize(run):
    table = rich.table.Table.grid(padding=(0, 2))
    for path, meaning in [
        (run.samples / "samples.gif", "the samples, epoch by epoch"),
        (run.history, "the training curves"),
        (run.log, "the same, as numbers"),
        (run.model, "the GAN, to draw from or to train on"),
        (run.backup, "to resume from, with more --epochs"),
    ]:
        table.add_row(rich.markup.escape(str(path)), f"[dim]{meaning}")
    console.print(table)
    older = run.older_exports()
    if older:
        tell(f"Older than this GAN: {', '.join(older)}. `kgan export {run.folder}` makes new ones.")
    suggest("Draw from it", "generate", run.folder, "--output", "more.png")


@command
def list_recipes() -> None:
    """Prints the recipes."""
    table = rich.table.Table("recipe", "what it trains", "epochs", "batch", box=None)
    for name, recipe in recipes.ALL.items():
        table.add_row(name, recipe.summary, str(recipe.epochs), str(recipe.batch_size))
    console.print(table)
    console.print("Each also with labels: kgan train --recipe mnist --conditional")
