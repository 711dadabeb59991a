"""`kgan train`."""

import contextlib
import math
import pathlib
import warnings
from typing import Any

import keras
import rich.markup
import rich.table
import tensorflow as tf

from kgan import callbacks, checks, datasets, files, recipes, runs
from kgan.cli import data_of_runs, exporting, fine_tuning, probing, refusing, watching
from kgan.cli.announcing import announce, described_devices
from kgan.cli.devices import strategy_for
from kgan.cli.planning import Plan
from kgan.cli.progress import ProgressLine
from kgan.cli.saying import Quiet, command, console, suggest, tell
from kgan.datasets.dataset import STEPS_PER_EPOCH
from kgan.game import replicas
from kgan.game.players import is_finite
from kgan.resumption import backups

__all__ = ["train"]


@command
def train(
    name: str | None,
    output: pathlib.Path | None,
    formats: list[str] | None,
    best: bool = False,
    devices: str | None = None,
    settings: list[str] | None = None,
    *,
    source: pathlib.Path | None = None,
    freeze: int | None = None,
    stop: bool = False,
    tensorboard: bool = False,
    doctor: bool = True,
    quiet: Quiet = contextlib.nullcontext,
    **options: Any,
) -> None:
    """Trains a recipe, or resumes it.

    Args:
        name: of the recipe; None for the one that the data set suggests.
        output: the run's folder; None for saved_models and the recipe's name.
        formats: of the exports that are made when training has ended; None or empty for none.
        best: whether the GAN of the best epoch is kept, by its distance to held-out data.
        devices: how many GPUs of this machine, a number or `"all"`; None for one.
        settings: texts such as `"learning_rate=1e-3"`, as `recipes.parse` takes them.
        source: the run, or the .keras file, whose GAN is trained on; None for a new one.
        freeze: how many blocks of that GAN's discriminator do not learn; None for none.
        stop: whether training ends before its time when nothing is left to gain, as by
            `EquilibriumStopping`.
        tensorboard: whether logs and pictures are written for TensorBoard too.
        doctor: whether a doctor watches the game.
        quiet: as of `exporting.write`.
        **options: fields that are to differ from the recipe; None where they are not.
    """
    strategy = strategy_for(devices)  # TensorFlow wants to know before it does anything else.
    others = fine_tuning.asked(source, freeze, has_data=bool(name or options["dataset"]))
    others |= {name: True for name, asked in (("best", best), ("stop", stop)) if asked}
    refusing.check_formats(formats)
    refusing.check_tensorboard(tensorboard)
    plan, run = _planned(name or _recipe_for(options["dataset"]), output, settings, others, options)
    refusing.check_divisible(plan.recipe.batch_size, strategy)
    refusing.check_not_diverged(run)
    if strategy and not replicas.is_chief(strategy):
        if not run.has_ended(plan.asked):
            _follow(plan, run, strategy, doctor)
        return
    if run.has_ended(plan.asked):
        tell(f"The run in {run.folder} has ended already{_why(plan, run)}, and is left as it is.")
        missing = [format for format in formats or () if format not in run.exported]
        if missing:  # What was killed while it exported, or is asked for only now.
            gan, _ = runs.find(run.folder)
            _export(gan, run, missing, exporting.known(run, gan), quiet)
    else:
        _train(plan, run, formats, quiet, strategy, tensorboard, doctor)
    _summarize(run)


def _planned(name, output, settings, others, options):
    """What is to be trained, and the run that it is."""
    options["dataset"] = _resolved(options["dataset"])
    plan = Plan.of(name, options, settings, others)
    conditional = "_conditional" * plan.recipe.conditional
    output = output or pathlib.Path("saved_models") / (name + conditional)
    refusing.check_outside(output, options["dataset"])
    run = runs.Run(output.expanduser())
    plan = fine_tuning.planned(plan, run).remembering(run)
    return plan, runs.at(output, plan.asked)


def _resolved(dataset):
    """The data set's name, or its path from the root: a run knows it wherever it is called from."""
    if dataset and datasets.is_directory(dataset):
        return str(pathlib.Path(dataset).expanduser().resolve())
    return dataset


def _recipe_for(dataset):
    if dataset is None:
        return "digits"
    return dataset if dataset in recipes.ALL else "pictures"


def _train(plan, run, formats, quiet, strategy=None, tensorboard=False, doctor=True):
    files.check_free(run.folder)  # It is held when the data is there: what fails leaves no folder.
    dataset, gan, watched, plan = _prepared(plan, run, strategy, doctor)
    recipe = plan.recipe
    with files.held(run.folder):
        runs.at(run.folder, plan.asked)  # Another process may have had the folder meanwhile.
        refusing.check_same_pictures(plan, dataset, run)
        backups.matching(run.backup, gan, dataset.identity)  # Before run.json says anything else.
        _begin(plan, run, dataset, gan)
        progress = ProgressLine(console, in_steps=bool(recipe.steps))
        chief_only = [
            _sample_grid(recipe, run, tensorboard),
            callbacks.CSVLogger(run.log),
            callbacks.HistoryPlot(run.history, in_steps=bool(recipe.steps)),
            progress,
        ]
        if tensorboard:
            chief_only.append(keras.callbacks.TensorBoard(run.tensorboard, write_graph=False))
        with progress.bar:
            history = _fit(gan, dataset, recipe.num_epochs, run, chief_only, **watched)
        if "monitor" in watched:
            gan = keras.models.load_model(run.best)
        stopping = watched.get("stopping")
        run.end(gan, plan.asked, len(history.epoch), stopping and stopping.reason)
        if formats:
            shape = gan.generator.output_shape[1:]
            known = data_of_runs.reference(recipe.dataset, shape, lambda: dataset)
            _export(gan, run, formats, known | {"class_names": run.class_names}, quiet)
    if run.reason is None:
        _say_if_short(plan, dataset, "was")
    if "doctor" in watched and watched["doctor"].symptoms:
        suggest("See what ailed it", "diagnose", run.folder)


def _sample_grid(recipe, run, tensorboard):
    """About thirty pictures of a training."""
    between = max(1, recipe.num_epochs // 30)
    how_often = {"every_epochs": between}
    if recipe.steps:
        how_often = {"every_steps": between * STEPS_PER_EPOCH}
    log_dir = run.tensorboard / "samples" if tensorboard else None
    return callbacks.SampleGrid(run.samples, **how_often, log_dir=log_dir)


def _begin(plan, run, dataset, gan):
    """Writes down what is trained, and says so."""
    chosen = run.chosen | plan.chosen
    more = {"chosen": chosen} if chosen else {}
    if plan.num_held_out:
        more["num_held_out"] = plan.num_held_out
    if datasets.is_directory(plan.recipe.dataset):
        known = ("num_samples", "checksum")
        more["trained_on"] = {name: dataset.identity[name] for name in known}
    about = (dataset.class_names, dataset.value_range, described_devices(gan))
    run.begin(plan.asked, *about, **more)
    announce(plan, dataset, gan, run)
    _say_if_short(plan, dataset, "is")
    if run.log.exists() and not any(run.backup.glob("*.keras")):
        tell("Training was stopped before its first backup, and begins again.")


def _say_if_short(plan, dataset, tense):
    """Says where a training is shorter than what the recipe would choose."""
    steps = plan.recipe.num_epochs * dataset.steps_per_epoch
    if plan.usual_steps and steps < plan.usual_steps:
        longer = f"--steps {plan.usual_steps}"
        if plan.recipe.epochs:  # A run is extended in the unit that it was begun with.
            longer = f"--epochs {math.ceil(plan.usual_steps / dataset.steps_per_epoch)}"
        tell(
            f"This training {tense} short: {steps:,} steps, where {plan.usual_steps:,} are usual "
            f"for this data. To continue, run the same command with {longer}."
        )


def _follow(plan, run, strategy, doctor):
    """Trains as one of several workers that is not the chief: it reads, and writes nothing."""
    dataset, gan, watched, plan = _prepared(plan, run, strategy, doctor)
    _fit(gan, dataset, plan.recipe.num_epochs, run, [], **watched)


def _prepared(plan, run, strategy, doctor):
    """The data, the GAN, what watches it (arguments of `_fit`), and the whole plan."""
    if not tf.config.list_physical_devices("GPU"):  # There kgan promises less.
        tf.config.experimental.enable_op_determinism()
    plan = plan.sized()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of files that are skipped `announce` tells.
        dataset, held_out = plan.recipe.load_all()
    plan = plan.fitted(dataset, held_out, is_new=not run.chosen)
    refusing.check_enough(plan, dataset, run)
    dataset = plan.recipe.batched(dataset)
    number = strategy.num_replicas_in_sync if strategy else 1
    watched, measures = watching.watching(
        plan.recipe, dataset, held_out, plan.others, doctor, number
    )
    if strategy is None:
        gan, plan = probing.built(plan, dataset, measures)
        return dataset, gan, watched, plan
    plan = plan.with_precision()
    with replicas.explained(strategy), strategy.scope():
        gan = plan.recipe.build(dataset, measures)
    checks.check_fit(gan, dataset)  # Nothing is written before that.
    return dataset, gan, watched, plan


def _export(gan, run, formats, known, quiet):
    exporting.write(gan, run.folder, formats, quiet=quiet, **known)
    run.add_exports(formats)


def _fit(
    gan, dataset, epochs, run, chief_only, held_out=None, monitor=None, doctor=None, stopping=None
):
    """Trains, and returns Keras's history; other workers do without the `chief_only` callbacks."""
    best = callbacks.BestGenerator(run.best, monitor) if monitor else None
    watchers = [one for one in (best, doctor, stopping) if one is not None]
    all_have = [callbacks.TerminateOnNaN(), callbacks.BackupAndRestore(run.backup)]
    every = [*watchers, *all_have, *chief_only]
    history = gan.fit(dataset, epochs=epochs, verbose=0, callbacks=every, validation_data=held_out)
    is_cut_short = gan.stop_training or len(history.epoch) < epochs
    if not is_finite(gan) or (is_cut_short and not (stopping and stopping.reason)):
        if replicas.is_chief(gan.distribute_strategy):
            run.add_divergence()
        raise refusing.diverged(run)
    return history


def _why(plan, run):
    """Why a run has ended before its time, for the sentence that says that it has ended."""
    if run.reason is None or not plan.asked.get("stop"):
        return ""
    return f" (--stop ended it: {run.reason.replace('_', ' ')}; without --stop it trains on)"


def _summarize(run):
    table = rich.table.Table.grid(padding=(0, 2))
    of_best = " of the best epoch" if (run.asked or {}).get("best") else ""
    for path, meaning in [
        (run.samples / "samples.gif", "the samples, as they came to be"),
        (run.history, "the training curves"),
        (run.log, "the same, as numbers"),
        (run.model, f"the GAN{of_best}, to draw from or to train on"),
        (run.backup, "to resume from, with more --epochs or --steps"),
    ]:
        table.add_row(rich.markup.escape(str(path)), f"[dim]{meaning}")
    console.print(table)
    older = run.older_exports()
    if older:
        tell(f"Older than this GAN: {', '.join(older)}. `kgan export {run.folder}` makes new ones.")
    suggest("Draw from it", "generate", run.folder, "--output", "more.png")
