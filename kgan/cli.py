"""The `kgan` command: a thin reading of the same calls that a notebook makes."""

import dataclasses
import pathlib
from typing import Annotated

import keras
import numpy as np
import rich.console
import rich.markup
import rich.progress
import rich.table
import tensorflow as tf
import typer

from kgan import callbacks, images, plots, recipes, runs

app = typer.Typer(
    help="Train generative adversarial networks, and draw from them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = rich.console.Console()

# What a user can bring about; anything else is kgan's fault, and shows its traceback.
USER_ERRORS = (ValueError, OSError, runs.RunError)


def _fail(error):
    console.print(f"[bold red]Error:[/] {rich.markup.escape(str(error))}", soft_wrap=True)
    raise typer.Exit(1)


@app.command()
def train(
    recipe: Annotated[str, typer.Option(help="What to train; see kgan.recipes.")] = "digits",
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the recipe's.")] = None,
    output: Annotated[
        pathlib.Path | None, typer.Option(help="The run's folder; saved_models/RECIPE by default.")
    ] = None,
):
    """Trains a GAN; without options, on the embedded digits."""
    try:
        _train(recipe, epochs, batch_size, seed, output or pathlib.Path("saved_models") / recipe)
    except USER_ERRORS as error:
        _fail(error)


def _train(name, epochs, batch_size, seed, output):
    given = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    given = {key: value for key, value in given.items() if value is not None}
    recipe = dataclasses.replace(recipes.get(name), **given)
    asked = {key: getattr(recipe, key) for key in ("epochs", "batch_size", "seed")}
    asked = {"recipe": name, **asked}
    run = runs.at(output, asked)
    if run.model.exists():
        console.print(f"The run in {run.folder} has ended already, and is left as it is.")
        return _summarize(run)
    if not tf.config.list_physical_devices("GPU"):  # There kgan promises less.
        tf.config.experimental.enable_op_determinism()
    dataset = recipe.load()
    gan = recipe.build(dataset)
    run.begin(asked)
    _announce(name, recipe, dataset, gan, run)
    history = gan.fit(
        dataset,
        epochs=recipe.epochs,
        verbose=0,
        callbacks=[
            callbacks.SampleGrid(run.samples, every_epochs=max(1, recipe.epochs // 30)),
            callbacks.TerminateOnNaN(),
            keras.callbacks.CSVLogger(run.log),
            _Progress(),
        ],
    )
    if len(history.epoch) < recipe.epochs:
        raise runs.RunError(f"Training stopped after {len(history.epoch)} epochs: see {run.log}.")
    plots.save(run.history, plots.history(history.history))
    run.save(gan)
    _summarize(run)


def _announce(name, recipe, dataset, gan, run):
    shape = "×".join(map(str, dataset.element_spec.shape[1:]))
    table = rich.table.Table.grid(padding=(0, 2))
    for key, value in [
        ("recipe", name),
        ("data", f"{recipe.dataset}: {dataset.num_samples:,} samples of {shape}"),
        ("generator", f"{gan.generator.count_params():,} weights"),
        ("discriminator", f"{gan.discriminator.count_params():,} weights"),
        ("training", f"{recipe.epochs} epochs of {dataset.steps_per_epoch} steps"),
        ("seed", str(recipe.seed)),
        ("output", str(run.folder)),
    ]:
        table.add_row(f"[dim]{key}", value)
    console.print(table)


def _summarize(run):
    table = rich.table.Table.grid(padding=(0, 2))
    for path, meaning in [
        (run.samples / "samples.gif", "the samples, epoch by epoch"),
        (run.history, "the training curves"),
        (run.log, "the same, as numbers"),
        (run.model, "the GAN, to draw from or to train on"),
    ]:
        table.add_row(str(path), f"[dim]{meaning}")
    console.print(table)
    console.print(f"Draw from it: [bold]kgan generate {run.folder} --output more.png")


class _Progress(keras.callbacks.Callback):
    """One line: the epochs, the players, the time left."""

    def on_train_begin(self, logs=None):
        self.bar = rich.progress.Progress(
            rich.progress.TextColumn("epoch {task.completed}/{task.total}"),
            rich.progress.BarColumn(),
            rich.progress.TextColumn("{task.description}"),
            rich.progress.TimeRemainingColumn(),
            console=console,
        )
        self.task = self.bar.add_task("", total=self.params["epochs"])
        self.bar.start()

    def on_epoch_end(self, epoch, logs=None):
        answers = [f"{name.replace('_', ' ')} {value:.2f}" for name, value in (logs or {}).items()]
        answers = [text for text in answers if text.startswith(("real", "fake"))]
        self.bar.update(self.task, completed=epoch + 1, description=", ".join(answers))

    def on_train_end(self, logs=None):
        self.bar.stop()


@app.command()
def generate(
    run: Annotated[pathlib.Path, typer.Argument(help="A run's folder, or a .keras file.")],
    num_samples: Annotated[int, typer.Option(min=1, help="How many.")] = 64,
    labels: Annotated[
        str | None, typer.Option(help="Which classes, for a conditional GAN: 3,7")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The same gives the same.")] = None,
    output: Annotated[
        pathlib.Path, typer.Option(help="A .png (a grid), a .npy (uint8), or a folder of PNGs.")
    ] = pathlib.Path("samples.png"),
):
    """Draws samples from a trained GAN."""
    try:
        if output.exists():
            raise runs.RunError(f"{output} exists, and is left as it is; choose another --output.")
        gan = runs.find(run)
        samples, columns = _samples(gan, num_samples, labels, seed)
        _write(output, samples, columns)
    except USER_ERRORS as error:
        _fail(error)
    console.print(f"{num_samples} samples: {output}")


def _samples(gan, num_samples, labels, seed):
    """The samples, and how many columns a grid of them is to have."""
    if labels is None:
        samples = gan.generate(num_samples, seed=seed)
        return (samples[0] if gan.num_classes else samples), None
    try:
        classes = [int(label) for label in labels.split(",")]
    except ValueError:
        raise runs.RunError(f"--labels must be integers, as 3,7. Received: {labels}.") from None
    return gan.generate(num_samples, np.resize(classes, num_samples), seed=seed), len(classes)


def _write(output, samples, columns):
    is_image = samples.ndim == 4 and samples.shape[-1] in (1, 3)
    if output.suffix == ".npy":
        output.parent.mkdir(parents=True, exist_ok=True)
        np.save(output, images.to_uint8(samples) if is_image else samples)
    elif output.suffix == ".png":
        images.write_atomically(output, plots.picture(samples, columns=columns))
    elif output.suffix or not is_image:
        raise runs.RunError(f"--output must be a .png, a .npy or, of images, a folder: {output}.")
    else:
        for i, image in enumerate(samples):
            images.save_png(output / f"{i:05d}.png", image)
