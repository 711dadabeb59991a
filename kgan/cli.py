"""What the `kgan` command does: a thin reading of the same calls that a notebook makes.

Its options are in `kgan_command.py`, which loads this when they are known to be right.
"""

import dataclasses
import functools
import pathlib
import time
import warnings

import keras
import numpy as np
import rich.console
import rich.markup
import rich.progress
import rich.table
import tensorflow as tf
import typer

from kgan import callbacks, datasets, files, images, plots, recipes, runs

console = rich.console.Console()

# What a user can bring about; anything else is kgan's fault, and shows its traceback.
USER_ERRORS = (ValueError, OSError, runs.RunError)

# What of the logs is on the progress line, and how it is called there.
ANSWERS = {
    "real_probability": "D(x)",
    "fake_probability": "D(G(z))",
    "real_logits": "D(x)",
    "fake_logits": "D(G(z))",
}


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
    if given["dataset"] and datasets.is_directory(given["dataset"]):
        given["dataset"] = str(pathlib.Path(given["dataset"]).expanduser().resolve())
    given = {key: value for key, value in given.items() if value is not None}
    recipe = dataclasses.replace(recipes.get(name), **given)
    recipe = dataclasses.replace(recipe, precision=recipes.resolve_precision(recipe.precision))
    options = ("dataset", "image_size", "conditional", "epochs", "batch_size", "precision", "seed")
    asked = {"recipe": name, **{option: getattr(recipe, option) for option in options}}
    output = output or pathlib.Path("saved_models") / (name + "_conditional" * recipe.conditional)
    run = runs.at(output, asked)
    if run.has_ended(recipe.epochs):
        console.print(f"The run in {run.folder} has ended already, and is left as it is.")
    else:
        _train(name, recipe, run, asked)
    _summarize(run)


def _recipe_for(dataset):
    if dataset is None:
        return "digits"
    return dataset if dataset in recipes.ALL else "pictures"


def _train(name, recipe, run, asked):
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
    progress = _Progress()
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


class _Progress(keras.callbacks.Callback):
    """One line: the epochs, the players, the time left."""

    def __init__(self, every_seconds=0.2):
        super().__init__()
        self.every_seconds = every_seconds
        self.bar = rich.progress.Progress(
            rich.progress.TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            rich.progress.BarColumn(),
            rich.progress.TextColumn("{task.description}"),
            rich.progress.TimeElapsedColumn(),
            rich.progress.TextColumn("left"),
            rich.progress.TimeRemainingColumn(),
            console=console,
        )
        self._task, self._shown = None, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        epochs, steps = self.params["epochs"], self.params["steps"]
        if self._task is None:
            total, fields = epochs * steps, {"epoch": epoch, "epochs": epochs}
            self._task = self.bar.add_task("", total=total, completed=epoch * steps, **fields)
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() - self._shown >= self.every_seconds:
            self._show(batch + 1, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._show(self.params["steps"], logs)

    def _show(self, batches, logs):
        self._shown = time.monotonic()
        answers = [f"{ANSWERS[name]} {logs[name]:.2f}" for name in ANSWERS if name in logs]
        done = self._epoch * self.params["steps"] + batches
        epoch = done // self.params["steps"]
        description = ", ".join(answers)
        self.bar.update(self._task, completed=done, epoch=epoch, description=description)


@_command
def generate(path, num_samples, labels, seed, output):
    """Draws samples from the GAN at `path`, and writes them."""
    if output.exists():
        raise runs.RunError(f"{output} exists, and is left as it is; choose another --output.")
    gan, model = runs.find(path)
    if model.parent == runs.Run(path).backup:
        console.print(f"This run has not ended; what is drawn from is its last backup, {model}.")
    if labels is None:
        samples, classes = gan.generate(num_samples, seed=seed), None
        samples = samples[0] if gan.num_classes else samples
    elif not gan.num_classes:
        raise runs.RunError(
            "--labels is for a GAN that has learned labels, as `kgan train --conditional` makes "
            f"them. Received: --labels {labels}, and {path}, which has none."
        )
    else:
        classes = _classes(labels, runs.Run(path).class_names)
        samples = gan.generate(num_samples, np.resize(classes, num_samples), seed=seed)
    _write(output, samples, columns=classes and len(classes))
    console.print(f"{num_samples} samples: {output}")


def _classes(labels, names):
    """The classes that `labels`, such as 3,7 or cat,dog, means: a list of integers."""
    labels = [label.strip() for label in labels.split(",")]
    numbers = dict(zip(names, range(len(names)), strict=True))
    try:
        return [numbers[label] if label in numbers else int(label) for label in labels]
    except ValueError:
        known = f", or names: {', '.join(names)}" if names else ""
        raise runs.RunError(
            f"--labels must be integers, as 3,7{known}. Received: {','.join(labels)}."
        ) from None


def _write(output, samples, columns):
    is_image = samples.ndim == 4 and samples.shape[-1] in (1, 3)
    if output.suffix == ".npy":
        with files.replacing(output) as beside:
            np.save(beside, images.to_uint8(samples) if is_image else samples)
    elif output.suffix == ".png":
        files.write_atomically(output, plots.picture(samples, columns=columns))
    elif output.suffix or not is_image:
        raise runs.RunError(f"--output must be a .png, a .npy or, of images, a folder: {output}.")
    else:
        for i, image in enumerate(samples):
            images.save_png(output / f"{i:05d}.png", image)


@_command
def list_recipes():
    """Prints the recipes."""
    table = rich.table.Table("recipe", "what it trains", "epochs", "batch", box=None)
    for name, recipe in recipes.ALL.items():
        table.add_row(name, recipe.summary, str(recipe.epochs), str(recipe.batch_size))
    console.print(table)
    console.print("Each also with labels: kgan train --recipe mnist --conditional")
