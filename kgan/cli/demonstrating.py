"""`kgan theory`."""

import datetime
import inspect
import os
import pathlib
import platform
from collections.abc import Sequence
from importlib import metadata

import keras
import tensorflow as tf

from kgan import files, plots, runs
from kgan.cli.saying import command, console, counted, tell
from kgan.lookup import by_name
from kgan.theory import demonstrations

__all__ = ["PAGE", "theory"]

PAGE = "README.md"


@command
def theory(names: Sequence[str] | None, output: pathlib.Path, length: float) -> None:
    """Draws the figures of the demonstrations, and writes a page with their numbers."""
    output = output.expanduser()
    chosen = {
        name: by_name(name, demonstrations.ALL, "name") for name in names or demonstrations.ALL
    }
    _check_output(output, chosen)
    if not tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()
    files.check_writable(output)
    header = HEADER + _origin()
    share = (
        f"\nThis run played only {length:.4g} of the steps. The captions describe the full run, "
        "and may not fit.\n"
    )
    sections = [header if length == 1 else header + share]
    for i, (name, demonstrate) in enumerate(chosen.items(), start=1):
        with console.status(f"{name} ({i} of {len(chosen)})"):
            shown = demonstrate(length)
        plots.save(output / f"{name}.png", shown.figure, dpi=120)
        tell(f"{output / name}.png")
        sections.append(_section(name, demonstrate, shown))
        files.write_atomically(output / PAGE, "\n".join(sections).encode())
    tell(f"{counted(len(chosen), 'figure')}, with captions and numbers: {output / PAGE}")


HEADER = """# What the theory claims, and what happens

The generator G turns random latents z into samples; the discriminator D says how probable it is
that x is real. p is the density of the data, q that of the samples. D maximises V = E[log D(x)] +
E[log(1 - D(G(z)))], which G, in the minimax game, minimises; C(G) is the largest V that a D
reaches against G. JSD is the Jensen-Shannon divergence of p and q, in nats, which is 0 where they
are equal. A logit is what D computes before the sigmoid that makes a probability of it. k is the
number of steps of D for each step of G. Recall is the share of real samples that lie among
generated ones.

Each figure and each number is made by `kgan theory`, by playing the game. """


def _origin():
    """With what, where and when the numbers were made."""
    versions = f"kgan {metadata.version('kgan')}, Keras\n{keras.__version__}"
    return (
        f"{versions}, TensorFlow {tf.__version__}, Python {platform.python_version()}; "
        f"{platform.machine()}, {os.cpu_count()} cores; {datetime.date.today()}.\n"
    )


def _check_output(output, names):
    paths = [output / PAGE, *(output / f"{name}.png" for name in names)]
    existing = [path for path in paths if path.exists()]
    if existing:
        raise runs.RunError(
            f"{existing[0]} exists, and is left as it is. Remove it, or choose another --output."
        )


def _section(name, demonstrate, shown):
    """What the page says of a demonstration: its claim, the figure, its caption and numbers."""
    claim = demonstrate.__doc__.splitlines()[0]
    rows = [f"| `{key}` | {number:.4g} |" for key, number in shown.numbers.items()]
    return "\n".join(
        [
            f"## {name.replace('_', ' ').capitalize().replace(' gan', ' GAN')}",
            "",
            claim,
            "",
            f"![{claim}]({name}.png)",
            "",
            shown.caption,
            "",
            _meaning(demonstrate),
            "",
            "| number | |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


def _meaning(demonstrate):
    """What the numbers are: the part of a docstring on what is returned, as a paragraph."""
    returned = (inspect.getdoc(demonstrate) or "").partition("Returns:")[2].partition("Raises:")[0]
    words = " ".join(returned.split()).removeprefix("A `Demonstration`").lstrip(".:, ")
    return words[:1].upper() + words[1:]
