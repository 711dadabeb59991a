"""How long an image takes in each runtime, side by side.

The generator of a recipe, and a larger one, are exported; then the runtimes take turns, on one
thread and one image a call: LiteRT with kgan's file, with that in int8, and with the one that
TensorFlow's converter makes of the network as it is; onnxruntime; PyTorch in eager mode (where it
is installed: `pip install '.[benchmarks]'`); and `keras.Model.predict`. A SavedModel's
`serving_default` takes turns with a `tf.function` around the generator, 128 images a call.
"""

import argparse
import importlib.util
import pathlib
import statistics
import tempfile
import time

import keras
import numpy as np
import report
import tensorflow as tf

import kgan
from kgan.exports import litert, runtimes, source, subpixel

NETWORKS = {
    "DCGAN of width 32, 28×28×1": {"image_shape": (28, 28, 1), "latent_dim": 64, "width": 32},
    "DCGAN of width 64, 64×64×3": {"image_shape": (64, 64, 3), "latent_dim": 128, "width": 64},
}


def one_image_calls(generator, folder):
    """Functions that draw an image from latents `(1, latent_dim)`, by the name of the way."""
    known = source.source_of(generator)
    calls = {}
    for name, quantize in [("litert", "none"), ("litert_int8", "int8")]:
        path = folder / f"{name}.tflite"
        kgan.export(generator, path, "litert", quantize=quantize, min_psnr=0)
        calls[name] = _of_runtime(runtimes.litert, path)
    kgan.export(generator, folder / "kgan.onnx", "onnx")
    calls["onnxruntime"] = _of_runtime(runtimes.onnx, folder / "kgan.onnx")
    rewritten, subpixel.rewritten = subpixel.rewritten, _as_it_is
    litert.write(known, folder / "plain.tflite")
    subpixel.rewritten = rewritten
    calls["litert_plain"] = _of_runtime(runtimes.litert, folder / "plain.tflite")
    if importlib.util.find_spec("torch"):
        calls["pytorch"] = _in_pytorch(generator)
    calls["keras_predict"] = lambda latents: generator.predict(latents, verbose=0)
    return calls


def _as_it_is(network, split):
    return lambda latents: network(latents, training=False)


def _of_runtime(runtime, path):
    call, _, _ = runtime(str(path))
    return lambda latents: call({"latents": latents})


def _in_pytorch(generator):
    import in_pytorch
    import torch

    torch.set_num_threads(1)
    network = in_pytorch.generator(generator)

    def call(latents):
        with torch.inference_mode():
            return network(torch.from_numpy(latents)).permute(0, 2, 3, 1).numpy()

    return call


def served_calls(generator, folder):
    """The same of 128 images, for a SavedModel and for the generator itself."""
    kgan.export(generator, folder / "1")
    draw = tf.saved_model.load(str(folder / "1")).signatures["serving_default"]
    plain = tf.function(lambda latents: generator(latents, training=False))
    return {
        "saved_model": lambda latents: draw(latents=latents)["images"].numpy(),
        "tf_function": lambda latents: plain(latents).numpy(),
    }


def measure(calls, latents, rounds, seconds):
    """The milliseconds of each call, a list with one median a round; the ways take turns."""
    expected = None
    lengths = {}
    for name, call in calls.items():
        drawn = np.asarray(call(latents))
        expected = drawn if expected is None else expected
        if "int8" not in name:  # What is compared draws the same.
            np.testing.assert_allclose(drawn, expected, atol=1e-4)
        begin = time.perf_counter()
        for _ in range(5):
            call(latents)
        lengths[name] = max(5, round(seconds / ((time.perf_counter() - begin) / 5)))
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            taken = []
            for _ in range(lengths[name]):
                before = time.perf_counter()
                call(latents)
                taken.append(1000 * (time.perf_counter() - before))
            times[name].append(statistics.median(taken))
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.5, help="Of a way, in each round.")
    arguments = parser.parse_args()
    results = {}
    for description, options in NETWORKS.items():
        keras.utils.set_random_seed(0)
        generator, _ = kgan.architectures.dcgan(**options)
        latents = np.random.default_rng(0).normal(size=(128, options["latent_dim"]))
        latents = latents.astype("float32")
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            sizes = (arguments.rounds, arguments.seconds)
            one = measure(one_image_calls(generator, folder), latents[:1], *sizes)
            many = measure(served_calls(generator, folder), tf.constant(latents), *sizes)
        results[description] = {"one_image": one, "128_images": many}
        for name, times in (one | many).items():
            print(f"{description}: {name} {statistics.median(times):.3f} ms", flush=True)
    settings = vars(arguments) | {"pytorch": _version("torch"), "threads": 1}
    settings |= {name: _version(name) for name in ("ai-edge-litert", "onnxruntime")}
    report.write(report.RESULTS / "export_latency.json", settings, results)


def _version(package):
    import importlib.metadata

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
