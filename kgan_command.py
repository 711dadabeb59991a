"""The `kgan` command: what it takes. What it then does is in `kgan.cli`.

This stands outside the package, because importing the package loads TensorFlow: `kgan --help`
need not wait for that, and what TensorFlow then writes to the terminal about GPUs is kept from it.
Set TF_CPP_MIN_LOG_LEVEL=0 to read it.
"""

import contextlib
import importlib.metadata
import os
import pathlib
import sys
from typing import Annotated, Literal

import typer

# Whether TensorFlow's messages are wanted: 3 is for none.
CHATTER = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3") != "3"

app = typer.Typer(
    help="Train generative adversarial networks, and draw from them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kgan {importlib.metadata.version('kgan')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
):
    """Train generative adversarial networks, and draw from them."""


@app.command()
def train(
    recipe: Annotated[
        str | None,
        typer.Option(help="What to train; `kgan recipes` lists them. Default: by --dataset."),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="A folder of pictures, or a name: digits, mnist, cifar10, ..."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="How often to go through the data.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Instead of --epochs: steps, a multiple of 100.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    image_size: Annotated[
        str | None, typer.Option(help="Pixels of a side, such as 64; or HEIGHTxWIDTH, 64x96.")
    ] = None,
    channels: Annotated[
        Literal["1", "3", "4"] | None,
        typer.Option(help="1 (grey), 3 (RGB) or 4 (RGBA). Default: 1 if all are grey, or 3."),
    ] = None,
    value_range: Annotated[
        tuple[float, float] | None,
        typer.Option(help="The values that become black and white, such as 0 4095."),
    ] = None,
    conditional: Annotated[
        bool, typer.Option("--conditional", help="Learn labels too; a sub-folder is a class.")
    ] = False,
    precision: Annotated[
        Literal["auto", "float32", "mixed_bfloat16"] | None,
        typer.Option(help="Instead of the recipe's; auto: bfloat16 where it is fast."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**31 - 1, help="Instead of the recipe's.")
    ] = None,
    output: Annotated[
        pathlib.Path | None, typer.Option(help="The run's folder; saved_models/RECIPE by default.")
    ] = None,
    source: Annotated[
        pathlib.Path | None,
        typer.Option("--from", help="Start from a run's weights: its folder, or a .keras file."),
    ] = None,
    freeze: Annotated[
        int | None,
        typer.Option(min=1, help="With --from: how many first blocks of D do not learn."),
    ] = None,
    best: Annotated[
        bool,
        typer.Option("--best", help="Measure after each epoch, and keep the best, not the last."),
    ] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="End early when samples have stopped getting better.")
    ] = False,
    export: Annotated[
        list[str] | None,
        typer.Option(help="A format to export to when training has ended; repeatable."),
    ] = None,
    devices: Annotated[
        str | None,
        typer.Option(help="How many GPUs of this machine share each batch: a number, or all."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="NAME=VALUE, such as width=64; repeatable. `kgan recipes NAME` lists all."
        ),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write logs and samples for TensorBoard too.")
    ] = False,
    doctor: Annotated[
        bool, typer.Option("--doctor/--no-doctor", help="Say so if the game turns sick.")
    ] = True,
):
    """Trains a GAN; without options, on the embedded digits.

    If it is interrupted, the same command resumes it.
    More --epochs or --steps extend a run that has ended.
    """
    _cli().train(
        recipe,
        output,
        export,
        best,
        devices,
        settings,
        source=source,
        freeze=freeze,
        stop=stop,
        tensorboard=tensorboard,
        doctor=doctor,
        quiet=quiet,
        dataset=dataset,
        epochs=epochs,
        steps=steps,
        batch_size=batch_size,
        image_size=_size(image_size),
        channels=int(channels) if channels else None,
        value_range=list(value_range) if value_range else None,
        conditional=conditional or None,
        precision=precision,
        seed=seed,
    )


def _size(text: str | None) -> int | tuple[int, int] | None:
    """The pixels of a side, or (height, width), that a text such as 64 or 64x96 means."""
    if text is None:
        return None
    numbers = text.lower().replace("×", "x").split("x")
    if len(numbers) > 2 or not all(number.isdecimal() and int(number) for number in numbers):
        raise typer.BadParameter(
            "must be pixels, such as 64, or HEIGHTxWIDTH, such as 64x96. "
            f"Received: --image-size {text}.",
            param_hint="--image-size",
        )
    height, *width = (int(number) for number in numbers)
    return (height, *width) if width else height


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def launch(
    arguments: Annotated[
        list[str], typer.Argument(metavar="train ...", help="The command that each worker runs.")
    ],
    workers: Annotated[int, typer.Option(min=1, help="How many processes.")] = 2,
):
    """Trains in several processes on this machine: kgan launch --workers 2 train ...

    Each worker has a share of every batch. On several machines, set TF_CONFIG and run `kgan train`.
    """
    _cli().launch(workers, arguments)


@app.command()
def generate(
    run: Annotated[pathlib.Path, typer.Argument(help="A run's folder, or a .keras file.")],
    num_samples: Annotated[int, typer.Option(min=1, help="How many.")] = 64,
    labels: Annotated[
        str | None, typer.Option(help="Which classes, for a conditional GAN: 3,7 or cat,dog")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**31 - 1, help="The same seed gives the same samples.")
    ] = None,
    truncation: Annotated[
        float | None,
        typer.Option(help="How far latents may be from 0; less: samples are less varied."),
    ] = None,
    output: Annotated[
        pathlib.Path,
        typer.Option(
            help="A .png (a grid), a .npy (bytes), a .npz (labels too), or a folder of PNGs."
        ),
    ] = pathlib.Path("samples.png"),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that exists; never a folder.")
    ] = False,
):
    """Draws samples from a trained GAN."""
    _cli().generate(run, num_samples, labels, seed, truncation, output, overwrite)


@app.command()
def evaluate(
    run: Annotated[pathlib.Path, typer.Argument(help="A run's folder, or a .keras file.")],
    samples: Annotated[
        int, typer.Option("--samples", "--num-samples", min=1, help="How many samples.")
    ] = 10_000,
    measures: Annotated[
        str | None,
        typer.Option(help="Only these: memorization,utility. Default: all that fit, but utility."),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Number of repetitions, each with different latents.")
    ] = 3,
    features: Annotated[
        str | None,
        typer.Option(help="digits, mnist, fashion_mnist, inception_v3, raw. Default: by the data."),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="The data it was trained on, if it is elsewhere now.")
    ] = None,
):
    """Measures how good a GAN's samples are, beside what real data would get."""
    _cli().evaluate(run, samples, measures, seeds, features, dataset)


@app.command()
def diagnose(
    run: Annotated[pathlib.Path, typer.Argument(help="A run's folder, or a .keras file.")],
    dataset: Annotated[
        str | None, typer.Option(help="The data it was trained on, if it is elsewhere now.")
    ] = None,
):
    """Says what ails a GAN, or ailed it while it was trained, and what to change first."""
    _cli().diagnose(run, dataset)


@app.command()
def export(
    run: Annotated[pathlib.Path, typer.Argument(help="A run's folder, or a .keras file.")],
    format: Annotated[
        list[str] | None,
        typer.Option(help="tf_saved_model (default), keras, litert or onnx; repeatable."),
    ] = None,
    quantize: Annotated[
        list[str] | None,
        typer.Option(help="For LiteRT: none, float16, dynamic or int8; repeatable, one file each."),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=0, help="For LiteRT and ONNX: samples per call; 0: any number.")
    ] = 1,
    max_difference: Annotated[
        float | None,
        typer.Option(min=0, help="Allowed difference from Keras; instead of --min-psnr."),
    ] = None,
    min_psnr: Annotated[
        float | None,
        typer.Option(help="In dB, compared with Keras. Default: 100; float16 50; 8 bits 30."),
    ] = None,
    output: Annotated[
        pathlib.Path | None, typer.Option(help="The folder; the run's own by default.")
    ] = None,
):
    """Exports the generator, and proves that the export draws what Keras draws.

    tf_saved_model is for TF Serving, litert (TFLite) for phones and browsers, onnx for the rest;
    keras is a .keras file of the generator alone, without discriminator and optimizers.
    """
    bounds = {"max_difference": max_difference, "min_psnr": min_psnr}
    _cli().export(run, format, quantize, batch_size, output, quiet=quiet, **bounds)


@app.command()
def recipes(
    name: Annotated[str | None, typer.Argument(help="Of one recipe, to see its settings.")] = None,
):
    """Lists what `kgan train --recipe` knows, or all settings of one recipe."""
    _cli().list_recipes(name)


@app.command()
def theory(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Which claims: figure_1, saturation, ... All by default."),
    ] = None,
    output: Annotated[
        pathlib.Path, typer.Option(help="The folder of the figures, and of a page with numbers.")
    ] = pathlib.Path("theory"),
    length: Annotated[
        float, typer.Option(help="The share of the steps, in (0, 1]: less is faster and rougher.")
    ] = 1.0,
):
    """Shows what the theory of GANs claims: plays small games, and draws what happens.

    All of it takes five to ten minutes on two CPU cores.
    """
    _cli().theory(names, output, length)


def _cli():
    """The module that does the work; loads TensorFlow, without its chatter."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet():
            from kgan import cli
    except ImportError as error:  # Such as another backend of Keras.
        typer.secho(f"Error: {error}", err=True)
        raise typer.Exit(1) from error
    return cli


@contextlib.contextmanager
def quiet():
    """Sends what C++ writes to stderr to nowhere, unless asked not to; exceptions pass."""
    if CHATTER:
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def main():
    """Runs the `kgan` command."""
    app()
