"""The proof of an export: its own runtime draws, for the same latents, what Keras draws."""

import dataclasses
import hashlib
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan import features as features_module
from kgan import metrics
from kgan.exports import runtimes
from kgan.exports.source import Source

__all__ = [
    "MIN_PSNR",
    "NUM_LATENTS",
    "SEED",
    "ExportError",
    "Proof",
    "Reference",
    "check",
    "prove",
    "reference",
]

NUM_LATENTS = 64
SEED = 0

# The least PSNR in dB, of each way to keep the weights. In float32 the order of sums alone comes to
# 119 to 164 dB (DCGANs of 64 and 128 pixels, from flat grey to mostly black and white), and to 56
# and more with float16 weights; the largest difference is then up to 2e-4, and 0.1.
MIN_PSNR = {"none": 100.0, "float16": 50.0, "dynamic": 30.0, "int8": 30.0}


class ExportError(Exception):
    """An export does not draw what the generator draws."""


@dataclasses.dataclass(frozen=True, eq=False)
class Reference:
    """Real images that the samples of an export, and of the generator, are held against.

    Args:
        extractor: a `kgan.features.Extractor`.
        features: those of the images, `(num_images, num_features)`.
    """

    extractor: features_module.Extractor
    features: np.ndarray

    def change(self, before: np.ndarray, after: np.ndarray) -> float:
        """How much further from the images the samples `after` are than those of `before`."""
        before, after = (
            metrics.frechet_distance(self.features, self.extractor.features(samples))
            for samples in (before, after)
        )
        return after - before


def reference(generator: keras.Model, images: Any, features: Any) -> Reference | None:
    """The `Reference` of these images; None where there are none.

    Raises:
        ConnectionError: if the features are to be downloaded, and cannot be.
        ValueError: if the images are not like the generator's, or too few.
    """
    if images is None:
        return None
    extractor = features_module.get(features)
    images, shape = np.asarray(images, "float32"), generator.output_shape[1:]
    if images.shape[1:] != shape or len(images) < NUM_LATENTS:
        raise ValueError(
            f"`reference_images` must be at least {NUM_LATENTS} images like those that the "
            f"generator makes, (num_images, {', '.join(map(str, shape))}). "
            f"Received: an array of shape {images.shape}."
        )
    found = extractor.features(images)
    metrics.frechet_distance(found, found)  # What cannot be measured is said before it is needed.
    return Reference(extractor, found)


@dataclasses.dataclass(frozen=True)
class Proof:
    """How an export was compared with the generator, on 64 fixed latents.

    Args:
        path: the export.
        format: of `kgan.exports.FORMATS`.
        quantize: how its weights are kept.
        batch_size: how many samples a call makes; None for any number.
        max_difference, mean_difference: of its samples from those of the generator in float32, of
            values in [-1, 1]; samples that reach further are first scaled down to that.
        psnr: the peak signal-to-noise ratio of the two, 10·log₁₀(2² / mean squared difference),
            in dB; None where they are equal.
        max_difference_of_original: from the generator as it was trained, where that was not in
            float32; else None.
        frechet_distance_change: how much further from the reference images its samples are than
            those of the generator, of the same latents, by `kgan.metrics.frechet_distance`, with as
            many samples as images; None where there were none.
        frechet_distance_features: the name of the features that this was taken of, or None.
        size_bytes: of all its files.
        sha256: of the file; of a folder of all files in it, in the order of their names, but
            `export.json`.
        milliseconds: how long an image takes, by the size of the batch.
        runtime: what it was loaded by, with its version.
    """

    path: str
    format: str
    quantize: str
    batch_size: int | None
    max_difference: float
    mean_difference: float
    psnr: float | None
    max_difference_of_original: float | None
    frechet_distance_change: float | None
    frechet_distance_features: str | None
    size_bytes: int
    sha256: str
    milliseconds: dict[str, float]
    runtime: str


def prove(
    source: Source,
    original: keras.Model,
    path: pathlib.Path,
    format: str,
    *,
    reference: Reference | None = None,
    quantize: str = "none",
    batch_size: int | None = 1,
    **options: Any,
) -> Proof:
    """Draws with an export, and compares.

    Args:
        source: the `Source` that was exported.
        original: the generator before it was made float32.
        path: the export.
        format: which runtime is its own, a name of `runtimes.RUNTIMES`.
        reference: a `Reference`; None for none.
        quantize, batch_size: as it was exported.

    Returns:
        A `Proof`.

    Raises:
        ExportError: if the runtime cannot load it, or draws in another shape; or if the generator
            itself draws NaN.
    """
    latents, more_latents = _inputs(source, 0 if reference is None else len(reference.features))
    names = [spec.name for spec in source.specs()]
    both = [np.concatenate(parts) for parts in zip(latents, more_latents, strict=True)]
    drawn, said = _draw(path, format, dict(zip(names, both, strict=True)))
    expected = _in_keras(source.generator, both)
    _check_comparable(drawn, expected, path)
    further = None
    if reference is not None:
        further = reference.change(expected[NUM_LATENTS:], drawn[NUM_LATENTS:])
    drawn, expected = drawn[:NUM_LATENTS], expected[:NUM_LATENTS]
    trained = None if original is source.generator else _in_keras(original, latents)
    return Proof(
        path=str(path),
        format=format,
        quantize=quantize,
        batch_size=batch_size if path.is_file() else None,
        **_differences(drawn, expected, trained),
        frechet_distance_change=further,
        frechet_distance_features=None if reference is None else reference.extractor.name,
        **_size_and_hash(path),
        **said,
    )


def check(proof: Proof, max_difference: float | None = None, min_psnr: float | None = None) -> None:
    """Raises where an export is further from the generator than it may be.

    Args:
        proof: a `Proof`.
        max_difference: absolute, of values in [-1, 1]. None: any.
        min_psnr: in dB. None: 100 in float32, 50 with float16 weights, 30 in 8 bits.

    Raises:
        ExportError: if so.
    """
    min_psnr = MIN_PSNR[proof.quantize] if min_psnr is None else min_psnr
    max_difference = math.inf if max_difference is None else max_difference
    psnr = math.inf if proof.psnr is None else proof.psnr
    if not (proof.max_difference <= max_difference and psnr >= min_psnr):
        bounds = {"max_difference": max_difference, "min_psnr": min_psnr}
        allowed = ", ".join(f"{k}={v:g}" for k, v in bounds.items() if math.isfinite(v))
        advice = (
            "Allow for more" if proof.quantize == "none" else "Quantise less, or allow for more"
        )
        raise ExportError(
            f"{pathlib.Path(proof.path).name} ({proof.format}, quantize={proof.quantize!r}) does "
            f"not draw what the generator draws: the largest difference is "
            f"{proof.max_difference:.3g}, the PSNR {psnr:.1f} dB; allowed is {allowed}. Nothing is "
            f"left of it. {advice}, by `max_difference` and `min_psnr`."
        )


def _inputs(source, num_more):
    """The fixed latents, and labels, of the proof; and as many more, of another seed."""
    pairs = (NUM_LATENTS, SEED), (num_more, SEED + 1)
    return [[part.numpy() for part in source.inputs(*pair)] for pair in pairs]


def _check_comparable(drawn, expected, path):
    """Raises where the samples of an export cannot be compared with those of Keras."""
    if not np.isfinite(expected).all():
        raise ExportError(
            "The generator itself draws numbers that are not finite: its training has diverged. "
            f"Nothing is left of {path.name}."
        )
    if drawn.shape != expected.shape or not np.isfinite(drawn).all():
        raise ExportError(
            f"{path.name} draws {drawn.shape} where Keras draws {expected.shape}, or numbers that "
            "are not finite. Nothing is left of it."
        )


def _differences(drawn, expected, trained):
    """How far the samples are from those of the generator, and of the one that was trained."""
    scale = max(1.0, float(np.abs(expected).max()))
    difference = np.abs(drawn.astype("float64") - expected) / scale
    squared = float(np.mean(difference**2))
    return {
        "max_difference": float(difference.max()),
        "mean_difference": float(difference.mean()),
        "psnr": 10 * math.log10(4 / squared) if squared else None,
        "max_difference_of_original": (
            None if trained is None else float(np.abs(drawn - trained).max() / scale)
        ),
    }


def _in_keras(network, inputs):
    """What Keras draws on the CPU, as float32."""
    drawn = []
    with tf.device("CPU:0"):
        for start in range(0, len(inputs[0]), runtimes.BATCH_SIZE):
            batch = [part[start : start + runtimes.BATCH_SIZE] for part in inputs]
            drawn.append(network(batch if len(batch) > 1 else batch[0], training=False))
    return np.concatenate([np.asarray(samples, "float32") for samples in drawn])


def _draw(path, runtime, inputs):
    """What the export draws in a process of its own, and what that said."""
    with tempfile.TemporaryDirectory() as folder:
        given, drawn = pathlib.Path(folder) / "inputs.npz", pathlib.Path(folder) / "outputs.npy"
        np.savez(given, **inputs)
        program = [sys.executable, "-P", runtimes.__file__, runtime]
        command = [*program, str(path), str(given), str(drawn)]
        # On the CPU: a GPU may be full, and counts with fewer digits.
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1"}
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment
        )
        if result.returncode:
            said = (result.stderr.strip() or "nothing").splitlines()[-1]
            raise ExportError(f"{path.name}: its own runtime does not draw with it: {said}")
        return np.load(drawn), json.loads(result.stdout.splitlines()[-1])


def _size_and_hash(path):
    """The bytes of a file, or of all files in a folder, and their sha256."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return {"size_bytes": sum(file.stat().st_size for file in files), "sha256": digest.hexdigest()}
