"""What the `kgan` command does: a thin reading of the same calls that a notebook makes.

Its options are in `kgan_command.py`, which loads this when they are known to be right.
"""

import dataclasses
import functools
import pathlib
import warnings

import numpy as np
import rich.console
import rich.markup
import rich.table
import tensorflow as tf
import typer

from kgan import callbacks, datasets, files, images, plots, recipes, runs
from kgan.progress import ProgressLine

console = rich.console.Console()

# What a user can bring about; anything else is kgan's fault, and shows its traceback.
USER_ERRORS = (ValueError, OSError, runs.RunError)


def _command(function):
    """The function, with its errors said in words."""

    @functools.wraps(function)
    def command(*arguments, **options):
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                function(*arguments, **options)
        except USER_ERRORS as error:
            _say("[bold red]Error:[/]", error)
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            console.print("Interrupted. `kgan train` goes on when it is started again.")
            raise typer.Exit(130) from None

    return command


def _show_warning(message, *where):
    _say("[yellow]Warning:[/]", message)


def _say(kind, message):
    console.print(f"{kind} {rich.markup.escape(str(message))}", soft_wrap=True)


@_command
def train(name, output, **given):
    """Trains a recipe, or goes on with it.

    Args:
        name: of the recipe; None for the one that the data set suggests.
        output: the run's folder; None for saved_models and the recipe's name.
        **given: what is to differ from the recipe; None where nothing is.
    """
    name = name or _recipe_for(given["dataset"])
    given["dataset"] = _resolved(given["dataset"])
    given = {key: value for key, value in given.items() if value is not None}
    recipe = dataclasses.replace(recipes.get(name), **given)
    recipe = dataclasses.replace(recipe, precision=recipes.resolve_precision(recipe.precision))
    options = ("dataset", "image_size", "conditional", "epochs", "batch_size", "precision", "seed")
    asked = {"recipe": name, **{option: getattr(recipe, option) for option in options}}
    output = output or pathlib.Path("saved_models") / (name + "_conditional" * recipe.conditional)
    _check_outside(output, given.get("dataset"))
    run = runs.at(output, asked)
    if run.has_ended(recipe.epochs):
        console.print(f"The run in {run.folder} has ended already, and is left as it is.")
    else:
        _train(name, recipe, run, asked)
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


def _recipe_for(dataset):
    if dataset is None:
        return "digits"
    return dataset if dataset in recipes.ALL else "pictures"


def _train(name, recipe, run, asked):
    files.check_free(run.folder)  # It is held when the data is there: what fails leaves no folder.
    if not tf.config.list_physical_devices("GPU"):  # There kgan promises less.
        tf.config.experimental.enable_op_determinism()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of files that are skipped `_announce` tells.
        dataset = recipe.load()
    gan = recipe.build(dataset)
    with files.held(run.folder):
        runs.at(run.folder, asked)  # Another process may have had the folder meanwhile.
        run.begin(asked, dataset.class_names)
        _announce(name, recipe, dataset, gan, run)
        _fit(gan, dataset, recipe.epochs, run)
        run.end(gan)


def _fit(gan, dataset, epochs, run):
    progress = ProgressLine(console)
    watching = [
        callbacks.SampleGrid(run.samples, every_epochs=max(1, epochs // 30)),
        callbacks.TerminateOnNaN(),
        callbacks.CSVLogger(run.log),
        callbacks.BackupAndRestore(run.backup),
        progress,
    ]
    with progress.bar:
        history = gan.fit(dataset, epochs=epochs, verbose=0, callbacks=watching)
    if len(history.epoch) < epochs:
        raise runs.RunError(f"Training stopped after {len(history.epoch)} epochs: see {run.log}.")
    plots.save(run.history, plots.history(history.history))


def _announce(name, recipe, dataset, gan, run):
    shape = "×".join(map(str, tf.nest.flatten(dataset.element_spec)[0].shape[1:]))
    rows = [
        ("recipe", name),
        ("data", f"{recipe.dataset}: {dataset.num_samples:,} samples of {shape}"),
        *_described_classes(dataset),
        *_described_skipped(dataset.skipped),
        ("generator", f"{gan.generator.count_params():,} weights"),
        ("discriminator", f"{gan.discriminator.count_params():,} weights"),
        ("training", f"{recipe.epochs} epochs of {dataset.steps_per_epoch} steps"),
        ("", f"of {recipe.batch_size} samples, in {recipe.precision}, seed {recipe.seed}"),
        ("output", str(run.folder)),
    ]
    table = rich.table.Table.grid(padding=(0, 2))
    for key, value in rows:
        table.add_row(f"[dim]{key}", rich.markup.escape(value))
    console.print(table)


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
        (run.backup, "from which more --epochs go on"),
    ]:
        table.add_row(str(path), f"[dim]{meaning}")
    console.print(table)
    console.print(f"Draw from it: [bold]kgan generate {run.folder} --output more.png")


@_command
def generate(path, num_samples, labels, seed, output):
    """Draws samples from the GAN at `path`, and writes them."""
    _check_output(output)
    gan, model = runs.find(path)
    if model.parent == runs.Run(path).backup:
        console.print(f"This run has not ended; what is drawn from is its last backup, {model}.")
    names = runs.Run(path if path.is_dir() else path.parent).class_names
    classes = None
    if labels is not None and not gan.num_classes:
        raise runs.RunError(
            "--labels is for a GAN that has learned labels, as `kgan train --conditional` makes "
            f"them. Received: --labels {labels}, and {path}, which has none."
        )
    if labels is not None:
        classes = np.resize(_classes(labels, names), num_samples)
    samples = gan.generate(num_samples, classes, seed=seed)
    if gan.num_classes and classes is None:
        samples, classes = samples
    columns = labels and labels.count(",") + 1
    _write(output, samples, classes, names=names, columns=columns)
    console.print(f"{num_samples} samples: {output}")


def _classes(labels, names):
    """The classes that `labels`, such as 3,7 or cat,dog, means: a list of integers.

    Names that are numbers, as of folders called 3 and 7, count as names: 0 is then no class.
    """
    labels = [label.strip() for label in labels.split(",")]
    numbers = {name: number for number, name in enumerate(names)}
    named_by_numbers = any(name.isdecimal() for name in names)
    try:
        return [
            numbers[label] if label in numbers or named_by_numbers else int(label)
            for label in labels
        ]
    except (KeyError, ValueError):
        integers = "" if named_by_numbers else "integers, as 3,7"
        known = f"names: {', '.join(names)}" if names else ""
        raise runs.RunError(
            f"--labels must be {', or '.join(filter(None, (integers, known)))}. "
            f"Received: {','.join(labels)}."
        ) from None


FORMATS = (".png", ".npy", ".npz", "")


def _check_output(output):
    if output.exists():
        raise runs.RunError(f"{output} exists, and is left as it is; choose another --output.")
    if output.suffix.lower() not in FORMATS:
        raise runs.RunError(
            "--output must be a .png, a .npy, a .npz or, without a suffix, a folder. "
            f"Received: {output}."
        )


def _write(output, samples, classes, *, names, columns):
    is_image = samples.ndim == 4 and samples.shape[-1] in (1, 3)
    suffix = output.suffix.lower()
    if suffix == ".png":
        files.write_atomically(output, plots.picture(samples, columns=columns))
    elif suffix:
        values = images.to_uint8(samples) if is_image else samples
        with files.replacing(output) as beside, beside.open("wb") as file:
            _write_arrays(file, suffix, values, classes)
    elif not is_image:
        raise runs.RunError(f"A folder is for images; these are not: choose {output}.npy.")
    else:
        for i, image in enumerate(samples):
            name = "" if classes is None else _name(classes[i], names)
            images.save_png(output / name / f"{i:05d}.png", image)


def _write_arrays(file, suffix, samples, classes):
    if suffix == ".npy":
        np.save(file, samples)
    else:
        labels = {} if classes is None else {"labels": classes}
        np.savez_compressed(file, samples=samples, **labels)


def _name(label, names):
    """A class as a folder: some names, such as T-shirt/top, are no file's."""
    return names[label].replace("/", "-") if names else str(label)


@_command
def list_recipes():
    """Prints the recipes."""
    table = rich.table.Table("recipe", "what it trains", "epochs", "batch", box=None)
    for name, recipe in recipes.ALL.items():
        table.add_row(name, recipe.summary, str(recipe.epochs), str(recipe.batch_size))
    console.print(table)
    console.print("Each also with labels: kgan train --recipe mnist --conditional")
