"""Writing an export: beside its place, proved there, and only then put where it belongs."""

import contextlib
import dataclasses
import importlib.util
import itertools
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

from kgan import checks, files
from kgan.exports import describing, keras_file, litert, onnx, proof, saved_model
from kgan.exports.source import source_of
from kgan.lookup import by_name
from kgan.protocols import HasAveragedGenerator

__all__ = ["FORMATS", "PROOF_OPTIONS", "SOURCE_OPTIONS", "Format", "export", "export_into", "kinds"]


@dataclasses.dataclass(frozen=True)
class Format:
    """A format of exports.

    Args:
        write: a function of a `Source`, a path, and the options of the format.
        options: the names of these.
        suffix: of its file; "" for a folder.
        modules: what it needs apart from kgan's own dependencies.
        packages: what pip calls these.
        extra: of kgan, which brings them.
    """

    write: Callable[..., None]
    options: tuple[str, ...] = ()
    suffix: str = ""
    modules: tuple[str, ...] = ()
    packages: str = ""
    extra: str = ""


FORMATS = {
    "tf_saved_model": Format(saved_model.write),
    "keras": Format(keras_file.write, suffix=".keras"),
    "litert": Format(
        litert.write,
        options=("quantize", "batch_size", "calibration_samples"),
        suffix=".tflite",
        modules=("ai_edge_litert",),
        packages="ai-edge-litert",
        extra="litert",
    ),
    "onnx": Format(
        onnx.write,
        options=("batch_size",),
        suffix=".onnx",
        modules=("onnx", "onnxruntime", "tf2onnx"),
        packages="onnx onnxruntime tf2onnx",
        extra="onnx",
    ),
}

# What is said of the generator, in any format.
SOURCE_OPTIONS = ("latent_distribution", "class_counts", "class_names")
# What the proof is to hold, and to compare with, in any format; with their defaults.
PROOF_OPTIONS = {
    "max_difference": None,
    "min_psnr": None,
    "reference_images": None,
    "features": "raw",
}


def export(
    generator: Any, filepath: str | os.PathLike[str], format: str = "tf_saved_model", **options: Any
) -> proof.Proof:
    """Writes a generator for use without kgan and Keras, and proves that it draws the same.

    The export is written beside its place, loaded by its own runtime in a process of its own,
    compared with the generator on 64 fixed latents, and only then put where it belongs.

    Args:
        generator: a `kgan.GAN`, of which its averaged generator is exported; or a built Functional
            or Sequential model, `latents (batch, latent_dim)`, or `[latents, labels]`, -> samples;
            images in [-1, 1]. Whatever it was trained in, it is exported in float32.
        filepath: where: a folder that does not exist yet, or a file (.keras, .tflite, .onnx). A
            description for clients is written next to a file, as `filepath` with .json at its end.
        format: `"tf_saved_model"`, for TF Serving and TensorFlow; `"keras"`, a .keras file of the
            generator alone; `"litert"` (TFLite), for phones and browsers; `"onnx"`.
        **options: `latent_distribution="normal"`, of the latents that it was trained on, and
            `class_counts`, how often each class was there, integers `(num_classes,)`, both of which
            a GAN knows; `class_names`; `max_difference` and `min_psnr` (dB), what the proof must
            hold: by default any difference, and 100 dB, 50 with float16 weights, 30 in 8 bits;
            `reference_images`, real ones `(num_images, ...)` in [-1, 1], and `features="raw"`, as
            `kgan.features.get` takes them, for the proof to say how much further from these the
            export's samples are than the generator's own (`kgan.metrics.frechet_distance`). Of
            LiteRT `quantize` (`"none"`, `"float16"`, `"dynamic"`, `"int8"`) and
            `calibration_samples=128`; of LiteRT and ONNX `batch_size=1`, how many samples a call
            makes, None for any number.

    Returns:
        A `Proof`.

    Raises:
        ExportError: if the export does not draw what the generator draws. Nothing is left of it.
        FileExistsError: if there is something at `filepath`.
        ImportError: if the format needs an extra that is not installed.
        TypeError, ValueError: for an unknown format or option, or a network that the format
            cannot hold.
    """
    path = pathlib.Path(filepath).expanduser()
    _check_path(path, format)

    def place(beside):
        return files.move(beside, path)

    return _export(generator, path, format, place, **options)


def export_into(
    generator: Any, folder: str | os.PathLike[str], format: str = "tf_saved_model", **options: Any
) -> proof.Proof:
    """Writes an export below a folder, under the next name that is free.

    A SavedModel becomes `generator/<N>`, the next version of a model that TF Serving polls; a file
    `generator.tflite`, with its quantization in its name, and a number where it exists. Two exports
    at once become two; older ones stay; a server never sees half of one. `export.json` holds the
    proofs of all of them.

    Args:
        generator, format, **options: as in `export`.
        folder: where; made if need be.

    Returns:
        A `Proof`, with the path.
    """
    folder = pathlib.Path(folder).expanduser()
    suffix = by_name(format, FORMATS, "format").suffix
    quantize = options.get("quantize", "none")
    stem = "generator" if quantize == "none" else f"generator_{quantize}"
    path = folder / f"{stem}{suffix}" if suffix else folder / "generator" / "1"

    def names():
        if suffix:
            yield path.name
            yield from (f"{stem}_{number}{suffix}" for number in itertools.count(2))
        else:
            versions = (int(p.name) for p in path.parent.iterdir() if p.name.isdecimal())
            yield from map(str, itertools.count(1 + max(versions, default=0)))

    def place(beside):
        for name in names():
            with contextlib.suppress(FileExistsError):
                return files.move(beside, path.with_name(name))

    result = _export(generator, path, format, place, **options)
    describing.collect(folder, [other.suffix for other in FORMATS.values() if other.suffix])
    return result


def kinds(
    formats: str | Iterable[str], quantize: str | Iterable[str] = ("none",)
) -> list[tuple[str, dict[str, Any]]]:
    """The exports that these formats and quantizations are: pairs of a format and its options.

    Raises:
        ImportError: if a format needs an extra that is not installed.
        ValueError: for an unknown one; or if there are quantizations and no format that has any.
    """
    formats, quantize = ([each] if isinstance(each, str) else each for each in (formats, quantize))
    for way in quantize:
        by_name(way, dict.fromkeys(litert.QUANTIZATIONS), "quantize")
    pairs = []
    for format in formats:
        chosen = by_name(format, FORMATS, "format")
        _check_modules(format, chosen)
        ways = quantize if "quantize" in chosen.options else [None]
        pairs += [(format, {"quantize": way} if way else {}) for way in ways]
    if set(quantize) != {"none"} and "litert" not in formats:
        raise ValueError(
            "`quantize` is of the format 'litert', which was not asked for. "
            f"Received: formats={list(formats)}, quantize={list(quantize)}."
        )
    return pairs


def _export(generator, path, format, place, **options):
    chosen = by_name(format, FORMATS, "format")
    generator, known = _described(generator)
    known |= {name: options.pop(name) for name in SOURCE_OPTIONS if name in options}
    asked = {name: options.pop(name, default) for name, default in PROOF_OPTIONS.items()}
    _check_options(format, chosen.options, options)
    _check_modules(format, chosen)
    files.check_writable(path.parent)
    source = source_of(generator, **known)
    reference = proof.reference(generator, asked["reference_images"], asked["features"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=files.PARTIAL, dir=path.parent) as folder:
        beside = pathlib.Path(folder) / path.name
        chosen.write(source, beside, **options)
        result = proof.prove(source, generator, beside, format, reference=reference, **options)
        proof.check(result, asked["max_difference"], asked["min_psnr"])
        description = describing.describe(source, result)
        if beside.is_dir():
            (beside / describing.NAME).write_bytes(description)
        files.sync(beside)
        path = place(beside)
    if path.is_file():
        _write_beside(path, description)
    return dataclasses.replace(result, path=str(path))


def _described(generator):
    """A network, and what is known of its inputs; of a GAN, the averaged generator."""
    if not isinstance(generator, HasAveragedGenerator):
        return generator, {}
    known: dict[str, Any] = {"latent_distribution": generator.latent_distribution}
    if generator.num_classes:
        conditional: Any = generator  # Only such a GAN has counts.
        known["class_counts"] = conditional.class_counts.numpy()
        known["num_classes"] = generator.num_classes
    return generator.averaged_generator, known


def _write_beside(path, description):
    """Writes what describes a file; where that fails the file goes too."""
    try:
        files.write_atomically(path.with_name(f"{path.name}.json"), description)
    except BaseException:
        path.unlink()
        raise


def _check_path(path, format):
    suffix = by_name(format, FORMATS, "format").suffix
    others = {other.suffix for other in FORMATS.values()} - {""}
    if path.suffix != suffix if suffix else path.suffix in others:
        wanted = f"a file that ends in {suffix}" if suffix else "a folder"
        raise ValueError(
            f"`filepath` must be {wanted} for format={format!r}. Received: filepath={path}."
        )
    if path.exists():
        raise FileExistsError(f"{path} exists, and is left as it is; choose another `filepath`.")


def _check_options(format, known, options):
    for name, value in options.items():
        if name not in known:
            takes = ", ".join((*SOURCE_OPTIONS, *PROOF_OPTIONS, *known))
            raise TypeError(
                f"`{name}` is no option of format={format!r}, which takes {takes}. "
                f"Received: {name}={value!r}."
            )
    if options.get("batch_size") is not None:
        checks.check_positive_integer("batch_size", options["batch_size"])
    by_name(options.get("quantize", "none"), dict.fromkeys(litert.QUANTIZATIONS), "quantize")
    litert.check_calibration(options.get("calibration_samples", litert.LEAST_SAMPLES))


def _check_modules(format, chosen):
    missing = [name for name in chosen.modules if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"format={format!r} needs {' and '.join(missing)}: pip install {chosen.packages}; or, "
            f"in a clone of kgan, pip install '.[{chosen.extra}]'."
        )
