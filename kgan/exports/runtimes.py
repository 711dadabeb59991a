"""Draws with an export as a program does that knows neither kgan nor Keras.

`python -P runtimes.py RUNTIME EXPORT INPUTS OUTPUTS`: loads the export into its own runtime, draws
for the arrays in INPUTS (a .npz file, a name each), writes what it drew to OUTPUTS (.npy), and
prints, as JSON, how long an image takes.
"""

import importlib.metadata
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    "BATCH_SIZE",
    "RUNTIMES",
    "STRANGERS",
    "Runtime",
    "keras",
    "litert",
    "main",
    "onnx",
    "saved_model",
]

# What draws with an export, from a dict of arrays; the size of its batches, None for any; its name
# and version.
Runtime = tuple[Callable[[dict[str, np.ndarray]], np.ndarray], int | None, str]

# How many samples are drawn at once, where an export takes any number.
BATCH_SIZE = 256


def saved_model(path: str) -> Runtime:
    """TensorFlow, as TF Serving loads it."""
    import tensorflow as tf

    draw = tf.saved_model.load(path).signatures["serving_default"]

    def call(inputs):
        (samples,) = draw(**{name: tf.constant(part) for name, part in inputs.items()}).values()
        return samples.numpy()

    return call, None, f"tensorflow {tf.__version__}"


def litert(path: str) -> Runtime:
    """LiteRT's interpreter, on one thread."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=1)
    draw = interpreter.get_signature_runner("serving_default")
    shapes = [detail["shape_signature"] for detail in draw.get_input_details().values()]

    def call(inputs):
        (samples,) = draw(**inputs).values()
        return samples

    batch_size = None if shapes[0][0] == -1 else int(shapes[0][0])
    return call, batch_size, _version("ai-edge-litert")


def onnx(path: str) -> Runtime:
    """onnxruntime, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    batch_size = session.get_inputs()[0].shape[0]

    def call(inputs):
        (samples,) = session.run(None, inputs)
        return samples

    return call, batch_size if isinstance(batch_size, int) else None, _version("onnxruntime")


def keras(path: str) -> Runtime:
    """Keras, with kgan only where the file names layers of it."""
    import keras

    version = _version("keras")
    try:
        network = keras.models.load_model(path)
    except TypeError:  # That of a class which Keras does not know.
        import kgan  # noqa: F401

        network = keras.models.load_model(path)
        version += f", {_version('kgan')}"
    names = [tensor.name for tensor in network.inputs]

    def call(inputs):
        arrays = [inputs[name] for name in names]
        return np.asarray(network(arrays if len(arrays) > 1 else arrays[0], training=False))

    return call, None, version


# What an export must do without.
STRANGERS = ("kgan", "keras")

RUNTIMES = {"tf_saved_model": saved_model, "keras": keras, "litert": litert, "onnx": onnx}


def _version(package):
    return f"{package} {importlib.metadata.version(package)}"


def _batches(inputs, batch_size):
    """The inputs, so many at a time; the last ones again where they do not fill a batch."""
    total = len(next(iter(inputs.values())))
    for start in range(0, total, batch_size):
        rows = np.minimum(np.arange(start, start + batch_size), total - 1)
        yield {name: part[rows] for name, part in inputs.items()}


def _draw(call, inputs, batch_size):
    total = len(next(iter(inputs.values())))
    batches = _batches(inputs, batch_size or min(total, BATCH_SIZE))
    return np.concatenate([np.array(call(batch)) for batch in batches])[:total]


def _milliseconds(call, inputs, seconds=0.3):
    """How long an image takes: the median of the calls of some time, after a few to warm up."""
    for _ in range(3):
        call(inputs)
    times: list[float] = []
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds or len(times) < 5:
        before = time.perf_counter()
        call(inputs)
        times.append(time.perf_counter() - before)
    return 1000 * statistics.median(times) / len(next(iter(inputs.values())))


def main() -> None:
    """Draws and times."""
    name, path, inputs, outputs = sys.argv[1:]
    modules: dict[str, Any] = sys.modules
    if name != "keras":
        modules |= dict.fromkeys(STRANGERS)  # Whoever imports one of them from now on fails.
    call, fixed, version = RUNTIMES[name](path)
    with np.load(inputs) as file:
        inputs = dict(file)
    np.save(outputs, _draw(call, inputs, fixed))
    times = {}
    for batch_size in (1, 32) if fixed is None else (fixed,):
        times[batch_size] = _milliseconds(call, next(_batches(inputs, batch_size)))
    print(json.dumps({"milliseconds": times, "runtime": version}))


if __name__ == "__main__":
    main()
