"""`kgan export`."""

import contextlib
import functools
import math
import pathlib
from collections.abc import Sequence
from typing import Any

import rich.markup
import rich.table

from kgan import exports, files
from kgan.cli import data_of_runs
from kgan.cli.saying import Quiet, command, console, open_run, tell
from kgan.gan import GAN
from kgan.runs import Run

__all__ = ["export", "known", "write"]


@command
def export(
    path: pathlib.Path,
    formats: list[str] | None,
    quantize: list[str] | None,
    batch_size: int,
    output: pathlib.Path | None,
    *,
    quiet: Quiet = contextlib.nullcontext,
    **bounds: float | None,
) -> None:
    """Writes the generator of the run at `path` for use without kgan, proves it, and says how."""
    formats, quantize = formats or ["tf_saved_model"], quantize or ["none"]
    exports.kinds(formats, quantize)  # What is wrong with them is said before a run is loaded.
    gan, _, run = open_run(path, compiled=False)
    options = known(run, gan) | bounds
    write(gan, output or run.folder, formats, quantize, batch_size, quiet=quiet, **options)


def known(run: Run, gan: GAN) -> dict[str, Any]:
    """What the run knows of its data, options of `kgan.export`."""
    return {"class_names": run.class_names} | _reference(run, gan)


def _reference(run, gan):
    """What the proof compares with, where the run's data is at hand."""
    name = (run.asked or {}).get("dataset")
    if name is None:
        return {}
    load = functools.partial(data_of_runs.load, run, gan, name)
    try:
        return data_of_runs.reference(name, gan.generator.output_shape[1:], load)
    except (ValueError, OSError) as error:
        tell(
            f"The data of this run, {name!r}, cannot be read: {error}\n"
            "So the proof holds no Fréchet distance."
        )
        return {}


def write(
    gan: GAN,
    folder: pathlib.Path,
    formats: Sequence[str],
    quantize: Sequence[str] = ("none",),
    batch_size: int = 1,
    *,
    quiet: Quiet = contextlib.nullcontext,
    **shared: Any,
) -> None:
    """Writes the exports that were asked for below `folder`, and shows their proofs.

    Args:
        gan: what is exported.
        folder: where.
        formats, quantize: as of `kgan.exports.kinds`.
        batch_size: how many samples a call of a file makes; 0 for any number.
        quiet: makes a context in which what converters say is hidden; by default it is shown.
        **shared: further options of `kgan.export`, of all of them.
    """
    folder = folder.expanduser()
    files.check_writable(folder)
    table = rich.table.Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))  # For 80 columns.
    for heading in ("export", "size", "difference", "PSNR", "Fréchet", "1 at once", "32 at once"):
        table.add_column(heading, justify="left" if heading == "export" else "right", no_wrap=True)
    for format, options in exports.kinds(formats, quantize):
        options = options | shared
        if "batch_size" in exports.FORMATS[format].options:
            options["batch_size"] = batch_size or None
        with console.status(f"{format} {options.get('quantize', '')}"), quiet():
            proof = exports.export_into(gan, folder, format, **options)
        table.add_row(*_cells(proof, folder))
    console.print(table)
    if proof.max_difference_of_original is not None:
        console.print(
            "Trained in mixed precision, exported in float32: that differs from what was trained "
            f"by {proof.max_difference_of_original:.1g} at most."
        )
    if features := proof.frechet_distance_features:
        console.print(
            "Fréchet: by how much the distance to the training data grows, of as many samples as "
            f"its {len(shared['reference_images']):,} images; features: {features}."
        )
    tell(
        "The difference is from what Keras draws for 64 latents; the times are of an image. "
        f"More in {folder / 'export.json'}"
    )


def _cells(proof, folder):
    psnr = math.inf if proof.psnr is None else proof.psnr
    further = proof.frechet_distance_change
    one, many = proof.milliseconds.get("1"), proof.milliseconds.get("32")
    return (
        rich.markup.escape(str(pathlib.Path(proof.path).relative_to(folder))),
        f"{proof.size_bytes / 1e6:.2f} MB",
        f"{proof.max_difference:.1g}",
        "∞ dB" if psnr == math.inf else f"{psnr:.0f} dB",
        "–" if further is None else f"{further:+.1g}",
        f"{one:.3g} ms" if one else "–",
        f"{many:.3g} ms" if many else "–",
    )
