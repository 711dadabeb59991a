"""What `kgan train` says before it trains."""

import numpy as np
import rich.markup
import rich.table

from kgan import datasets, recipes, runs
from kgan.cli.planning import Plan
from kgan.cli.saying import console, counted
from kgan.datasets import Dataset
from kgan.game import replicas
from kgan.gan import GAN

__all__ = ["announce", "described_devices"]

# Of fewer samples of a class a GAN learns little more than these.
RARE = 10


def announce(plan: Plan, dataset: Dataset, gan: GAN, run: runs.Run) -> None:
    """Prints what is about to be trained, on what, for how long, and why so."""
    recipe = plan.recipe
    shape = "×".join(map(str, dataset.sample_shape))
    rows = [
        ("recipe", plan.name),
        ("data", f"{recipe.dataset}: {dataset.num_samples:,} samples of {shape}{_middle(recipe)}"),
        *_described_values(dataset.value_range),
        *_described_classes(dataset),
        *_described_skipped(dataset.skipped),
        *_described_held_out(plan.num_held_out),
        *_described_start(plan.others),
        ("generator", f"{gan.generator.count_params():,} weights"),
        ("discriminator", f"{gan.discriminator.count_params():,} weights"),
        ("training", _described_length(recipe, dataset)),
        (
            "",
            f"of {counted(recipe.batch_size, 'sample')}, in {recipe.precision}, seed {recipe.seed}",
        ),
        *_described_time(plan, dataset, run),
        *_told_devices(gan),
        ("output", str(run.folder)),
        *_described_choices(plan.choices),
    ]
    table = rich.table.Table.grid(padding=(0, 2))
    for key, value in rows:
        table.add_row(f"[dim]{key}", rich.markup.escape(value))
    console.print(table)


def described_devices(gan: GAN) -> dict[str, int]:
    """How many replicas and workers there are, as run.json has it."""
    strategy = gan.distribute_strategy
    workers = replicas.number_of_workers(strategy)
    return {"num_replicas": strategy.num_replicas_in_sync, "num_workers": workers}


def _told_devices(gan):
    number, workers = described_devices(gan).values()
    if number == 1:
        return []
    among = f", of {counted(workers, 'worker')}" if workers > 1 else ""
    return [("devices", f"{counted(number, 'replica')}{among}: each has a share of the batch")]


def _middle(recipe):
    """Which part of each picture in a folder is used."""
    return ", the middle of each picture" if datasets.is_directory(recipe.dataset) else ""


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
    rows = [("classes", f"{dataset.num_classes}: {shown}")]
    counts = np.bincount(dataset.labels, minlength=dataset.num_classes)
    rare = [f"{name} ({count})" for name, count in zip(names, counts, strict=True) if count < RARE]
    if rare:
        more = ", ..." if len(rare) > 12 else ""
        rows.append(("", f"too few to learn what they look like: {', '.join(rare[:12])}{more}"))
    return rows


def _described_skipped(skipped):
    if not skipped:
        return []
    lines = [f"{path.name}: {reason}" for path, reason in skipped[:5]]
    more = [f"and {len(skipped) - 5} more"] if len(skipped) > 5 else []
    return [("skipped", "\n".join([counted(len(skipped), "file"), *lines, *more]))]


def _described_length(recipe, dataset):
    if recipe.steps:
        return counted(recipe.steps, "step")
    return f"{counted(recipe.num_epochs, 'epoch')} of {counted(dataset.steps_per_epoch, 'step')}"


def _described_time(plan, dataset, run):
    if plan.seconds_per_step is None:
        return []
    steps = plan.recipe.num_epochs * dataset.steps_per_epoch
    position, left = run.position(), ""
    if position is not None:
        steps -= position.epoch * dataset.steps_per_epoch + position.batch
        left = f" for the {counted(steps, 'step')} that are left"
    if "best" in plan.others:
        left += ", without the measuring for --best"
    duration = _duration(plan.seconds_per_step * steps)
    a_step = f"{plan.seconds_per_step:.2g} s a step"
    return [("time", f"about {duration} on this machine{left}, {a_step}")]


def _duration(seconds):
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * size:
            return counted(round(seconds / size), unit)
    return counted(max(1, round(seconds)), "second")


def _described_choices(choices):
    lines = [f"{choice.name} {recipes.text(choice.value)}: {choice.reason}" for choice in choices]
    return [("chosen", "\n".join(lines))] if lines else []


def _described_held_out(number):
    if not number:
        return []
    return [
        ("held out", f"{counted(number, 'other sample')}, for `kgan evaluate`, --best and --stop")
    ]


def _described_start(others):
    """What a fine-tuning starts from."""
    source, blocks = others.get("from"), others.get("freeze")
    rows = [("starts from", source)] if source else []
    if blocks:
        rows.append(
            ("frozen", f"{counted(blocks, 'block')} of the discriminator, from its input on")
        )
    return rows
