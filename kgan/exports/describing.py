"""What a client of an export must know, as JSON."""

import dataclasses
import datetime
import importlib.metadata
import json
import pathlib
from collections.abc import Iterable

from kgan import files
from kgan.exports.proof import Proof
from kgan.exports.source import Source

__all__ = ["DISTRIBUTIONS", "NAME", "collect", "describe"]

NAME = "export.json"

DISTRIBUTIONS = {
    "normal": "independent, each from the normal distribution of mean 0 and variance 1",
    "uniform": "independent, each uniform on [-√3, √3]",
}


def describe(source: Source, proof: Proof) -> bytes:
    """The bytes of a JSON file: inputs, outputs, ranges, and the proof.

    Args:
        source: the `Source` that was exported.
        proof: its `Proof`.
    """
    content = {
        "made_by": f"kgan {importlib.metadata.version('kgan')}",
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "signature": "serving_default",
        "inputs": _inputs(source, proof.batch_size),
        "outputs": [_output(source, proof.batch_size)],
        "proof": {key: value for key, value in dataclasses.asdict(proof).items() if key != "path"},
    }
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def collect(folder: pathlib.Path, suffixes: Iterable[str]) -> None:
    """Writes `export.json` into a folder: what describes each export below it, by its place.

    Args:
        folder: the folder.
        suffixes: of the exports that are files.
    """
    patterns = [*(f"generator*{suffix}.json" for suffix in suffixes), f"generator/*/{NAME}"]
    with files.in_turn(folder):
        described = {}
        for path in sorted(path for pattern in patterns for path in folder.glob(pattern)):
            of = path.parent if path.name == NAME else path.with_suffix("")
            described[of.relative_to(folder).as_posix()] = json.loads(path.read_text())
        content = json.dumps(described, indent=2, ensure_ascii=False).encode() + b"\n"
        files.write_atomically(folder / NAME, content)


def _inputs(source, batch_size):
    latents = {
        "name": "latents",
        "shape": [batch_size, source.latent_dim],
        "dtype": "float32",
        "distribution": source.latent_distribution,
        "meaning": DISTRIBUTIONS[source.latent_distribution],
    }
    if not source.num_classes:
        return [latents]
    labels = {
        "name": "labels",
        "shape": [batch_size],
        "dtype": "int32",
        "num_classes": source.num_classes,
        "class_names": list(source.class_names),
        "class_frequencies": [round(float(share), 6) for share in source.class_frequencies],
        "meaning": f"integers from 0 to {source.num_classes - 1}",
    }
    return [latents, labels]


def _output(source, batch_size):
    output = {
        "name": source.output_name,
        "shape": [batch_size, *source.generator.output_shape[1:]],
        "dtype": "float32",
    }
    if not source.makes_images:
        return output
    meaning = "height, width, channels; a pixel's byte is round((value + 1) · 127.5)"
    return output | {"range": [-1, 1], "meaning": meaning}
