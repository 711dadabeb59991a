"""The doctor of `kgan train`, and `kgan diagnose`."""

import contextlib
import pathlib
import warnings
from typing import Any

import numpy as np

from kgan import callbacks, datasets, diagnosis, files, plots, runs
from kgan.cli import data_of_runs
from kgan.cli.saying import command, console, open_run, tell
from kgan.diagnosis.readings import most_samples
from kgan.resumption import backups

__all__ = ["diagnose", "doctor"]

# How many held-out samples the doctor is given, and the fewest of which it takes any.
NUM_HELD_OUT, LEAST_HELD_OUT = 1000, 100


def doctor(recipe: Any, dataset: Any, held_out: Any = None) -> callbacks.Doctor:
    """The doctor of a training.

    Args:
        recipe: what is trained.
        dataset: its data.
        held_out: what of the data nobody trains on, or None; then it is the data's named test
            split, if it has one.
    """
    if held_out is None and not datasets.is_directory(recipe.dataset):
        options = {"image_size": recipe.image_size, "with_labels": recipe.conditional}
        options |= {"batch_size": 1, "seed": recipe.seed}
        if datasets.takes_image_size(recipe.dataset):
            options["value_range"] = dataset.value_range
        with contextlib.suppress(ValueError, OSError):  # Nothing is trained for its sake.
            held_out = datasets.load_held_out(recipe.dataset, **options)
    return callbacks.Doctor(_some(held_out), seed=recipe.seed)


def _some(held_out):
    """Some samples and labels of held-out data; None where there are too few."""
    if held_out is None or held_out.num_samples < LEAST_HELD_OUT:
        return None
    rows = np.random.default_rng(0).permutation(held_out.num_samples)[:NUM_HELD_OUT]
    some = held_out.subset(np.sort(rows), batch_size=1)
    if some.labels is not None and some.labels.min() < 0:  # A test split whose labels are secret.
        return None
    return some.samples, some.labels


@command
def diagnose(path: pathlib.Path, dataset: str | None) -> None:
    """Says what ails the GAN at `path`, or ailed it while it was trained."""
    run = runs.of(path)
    files.check_writable(run.folder)
    gan, model, _ = open_run(path)
    readings = _readings(run)
    name = dataset or (run.asked or {}).get("dataset")
    now = None if readings else _reading_now(run, gan, name)
    if not readings and now is None:
        raise runs.RunError(
            f"Nothing can be told of {model}: no doctor watched its training, and its data cannot "
            "be read. If that is elsewhere now, say where: --dataset FOLDER."
        )
    if run.has_diverged:
        console.print("[bold]diverged[/]: losses or weights are no longer finite numbers.")
    if now is None:
        _tell_course(readings, run)
    else:
        _tell_present(now)
    for risk in diagnosis.find_risks(gan, run.trained_on.get("num_samples")):
        tell(f"Risk: {risk.says} {risk.advice}")


def _readings(run):
    """What the doctor read during a training, as its last backup has it; [] if nothing."""
    with warnings.catch_warnings(), contextlib.suppress(ValueError, OSError, KeyError):
        warnings.simplefilter("ignore")
        backup = backups.find(run.backup)
        if backup is None:
            return []
        watcher = callbacks.Doctor()
        watcher.set_state(backups.read_position(backup).callbacks["Doctor"])
        return watcher.readings
    return []


def _reading_now(run, gan, name):
    """A reading of the GAN as it is; None where its data cannot be read."""
    if name is None:
        return None
    try:
        training, held_out = data_of_runs.load_all(run, gan, name)
    except (ValueError, OSError) as error:
        tell(f"The data of this run, {name!r}, cannot be read, and is not looked at: {error}")
        return None
    rows = np.random.default_rng(0).permutation(training.num_samples)
    rows = rows[: most_samples(training.sample_shape)]
    some = training.subset(rows, batch_size=1)
    labels = some.labels if gan.num_classes else None
    pair = _some(held_out)
    if pair and not gan.num_classes:
        pair = pair[0], None
    return diagnosis.Probe(gan, (some.samples, labels), pair).read()


def _tell_course(readings, run):
    """What ailed the game while it was trained."""
    if len(readings) < diagnosis.LEAST_READINGS:
        tell(f"It is too early to tell: the doctor has looked only {len(readings)} times.")
        return
    symptoms = diagnosis.find_symptoms(readings)
    for one in symptoms:
        until = "on" if one.until_step is None else f"to {one.until_step:,}"
        name = one.name.replace("_", " ")
        console.print(f"[bold]{name}[/], from step {one.since_step:,} {until}")
        tell(f"  {one.says} {one.advice}")
    if not symptoms and not run.has_diverged:
        console.print("[bold green]Healthy:[/] no symptom was found.")
    steps, *_ = columns = list(zip(*readings, strict=True))
    numbers = dict(zip(diagnosis.Reading._fields, columns, strict=True))
    spans = [(one.name, one.since_step, one.until_step) for one in symptoms]
    plots.save(run.diagnosis, plots.course(steps, numbers, spans))
    tell(run.diagnosis)


def _tell_present(now):
    """What ails the game as it is now, of what shows at once."""
    tell(
        "No doctor has looked at this training, so what shows only over time stays unknown: "
        "whether D has won, or the game does not converge."
    )
    symptoms = diagnosis.find_symptoms([now] * diagnosis.LEAST_READINGS)
    for one in symptoms:
        console.print(f"[bold]{one.name.replace('_', ' ')}[/]")
        tell(f"  {one.says} {one.advice}")
    if not symptoms:
        console.print("No symptom shows now.")
