"""`kgan diagnose`."""

import contextlib
import pathlib

import numpy as np

from kgan import callbacks, diagnosis, files, plots, runs
from kgan.cli import data_of_runs, watching
from kgan.cli.saying import command, console, open_run, tell
from kgan.diagnosis.probe import most_samples
from kgan.diagnosis.symptoms import advice
from kgan.resumption import backups

__all__ = ["diagnose"]


@command
def diagnose(path: pathlib.Path, dataset: str | None) -> None:
    """Says what ails the GAN at `path`, or ailed it while it was trained."""
    run = runs.of(path)
    files.check_writable(run.folder)
    gan, model, _ = open_run(path)
    doctor = _doctor(run)
    readings = doctor.readings
    name = dataset or (run.asked or {}).get("dataset")
    now = None if readings else _reading_now(run, gan, name)
    if not readings and now is None:
        raise runs.RunError(
            f"Nothing can be told of {model}: there is nothing that a doctor read, and its data "
            "cannot be read. If that is elsewhere now, say where: --dataset FOLDER."
        )
    if run.has_diverged:
        console.print("[bold]diverged[/]: losses or weights are no longer finite numbers.")
    if now is None:
        risks = doctor.risks
        _tell_course(readings, run, risks)
    else:
        risks = diagnosis.find_risks(gan, run.trained_on.get("num_samples"))
        _tell_present(now, risks)
    for risk in risks:
        tell(f"Risk: {risk.says} {risk.advice}")


def _doctor(run):
    """The doctor that watched a training, as its last backup has it; without readings if none."""
    doctor = callbacks.Doctor()
    try:
        backup = backups.find(run.backup)  # It warns of one that is damaged.
    except ValueError:
        tell("What a doctor may have read during the training is lost.")
        return doctor
    with contextlib.suppress(KeyError):  # No doctor watched, or kgan was older.
        if backup:
            doctor.set_state(backups.read_position(backup).callbacks["Doctor"])
    return doctor


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
    pair = watching.some(held_out, watching.FOR_DOCTOR)
    if pair and not gan.num_classes:
        pair = pair[0], None
    return diagnosis.Probe(gan, (some.samples, labels), pair).read()


def _tell_course(readings, run, risks):
    """What ailed the game while it was trained."""
    if len(readings) < diagnosis.LEAST_READINGS:
        tell(f"It is too early to tell: the doctor has looked only {len(readings)} times.")
        return
    symptoms = diagnosis.find_symptoms(readings)
    for one in symptoms:
        until = "on" if one.until_step is None else f"to {one.until_step:,}"
        name = one.name.replace("_", " ")
        console.print(f"[bold]{name}[/], from step {one.since_step:,} {until}")
        tell(f"  {one.says} {advice(one, risks)}")
    if not symptoms and not run.has_diverged:
        console.print("[bold green]Healthy:[/] no symptom was found.")
    steps, *_ = columns = list(zip(*readings, strict=True))
    numbers = dict(zip(diagnosis.Reading._fields, columns, strict=True))
    spans = [(one.name, one.since_step, one.until_step) for one in symptoms]
    plots.save(run.diagnosis, plots.course(steps, numbers, spans))
    tell(run.diagnosis)


def _tell_present(now, risks):
    """What ails the game as it is now, of what shows at once."""
    tell(
        "Nothing that a doctor read during this training is there, so what shows only over time "
        "stays unknown: whether samples have stopped coming nearer to the data, D has won, or the "
        "game does not converge."
    )
    symptoms = diagnosis.find_symptoms([now] * diagnosis.LEAST_READINGS)
    for one in symptoms:
        console.print(f"[bold]{one.name.replace('_', ' ')}[/]")
        tell(f"  {one.says} {advice(one, risks)}")
    if not symptoms:
        console.print("No symptom shows now.")
