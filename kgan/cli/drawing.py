"""`kgan generate`."""

import pathlib
import re

import numpy as np

from kgan import files, images, plots, runs
from kgan.cli.saying import command, open_run, tell

__all__ = ["FORMATS", "generate"]


@command
def generate(
    path: pathlib.Path,
    num_samples: int,
    labels: str | None,
    seed: int | None,
    truncation: float | None,
    output: pathlib.Path,
    overwrite: bool = False,
) -> None:
    """Draws samples from the GAN at `path`, and writes them."""
    output = output.expanduser()
    _check_format(output)
    gan, _, run = open_run(path, compiled=False)
    _check_free(output, overwrite)
    names = run.class_names
    classes = columns = None
    if labels is not None and not gan.num_classes:
        raise runs.RunError(
            "--labels is for a GAN that has learned labels, as `kgan train --conditional` makes "
            f"them. Received: --labels {labels}, and {path}, which has none."
        )
    if labels is not None:
        asked = _classes(labels, names)
        classes, columns = np.resize(asked, num_samples), len(asked)
    samples = gan.generate(num_samples, classes, seed=seed, truncation=truncation)
    if gan.num_classes and classes is None:
        samples, classes = samples
    _write(output, samples, classes, names=names, columns=columns)
    tell(f"{num_samples} samples: {output}")


def _classes(labels, names):
    """The classes that `labels`, such as 3,7 or cat,dog, means: a list of integers.

    A name may have a comma in it; it can then be asked for by itself.

    Names that are numbers, as of folders called 3 and 7, count as names: 0 is then no class.
    """
    labels = [labels] if labels in names else [label.strip() for label in labels.split(",")]
    numbers = {name: number for number, name in enumerate(names)}
    named_by_numbers = any(name.isdecimal() for name in names)
    try:
        return [
            numbers[label] if label in numbers or named_by_numbers else int(label)
            for label in labels
        ]
    except (KeyError, ValueError):
        integers = "" if named_by_numbers else "integers, as 3,7"
        known = f"names: {', '.join(map(_quoted, names))}" if names else ""
        raise runs.RunError(
            f"--labels must be {', or '.join(filter(None, (integers, known)))}. "
            f"Received: {','.join(labels)}."
        ) from None


def _quoted(name):
    """A name in a list: as it is, if it can be told from the next one."""
    return name if name.isprintable() and "," not in name else repr(name)


FORMATS = (".png", ".npy", ".npz", "")


def _check_format(output):
    if output.suffix.lower() not in FORMATS:
        raise runs.RunError(
            "--output must be a .png, a .npy, a .npz or, without a suffix, a folder. "
            f"Received: {output}."
        )


def _check_free(output, overwrite):
    if output.is_dir():
        raise runs.RunError(
            f"{output} is a folder that exists, and is left as it is; choose another --output."
        )
    if output.exists() and not overwrite:
        raise runs.RunError(
            f"{output} exists, and is left as it is; choose another --output, or say --overwrite."
        )
    files.check_writable(output.parent)


def _write(output, samples, classes, *, names, columns):
    is_image = images.is_image(samples.shape[1:])
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
    """A class as a folder; its name is from a file, and may be T-shirt/top, or worse."""
    name = re.sub(r"[/\\\0]", "-", names[label]) if names else ""
    return name if name.strip(". ") else str(label)
