"""Small generators to export, what is then in the folder, and a quick way to draw with it."""

import pathlib

import keras
import numpy as np

from kgan.exports import runtimes

layers = keras.layers


def network(*rest, size=16, shape=(4, 4, 1), name="net"):
    """A generator of 4 latents, whose last layers are given."""
    latents = keras.Input((4,), name="latents")
    x = layers.Reshape(shape)(layers.Dense(size)(latents))
    for layer in rest:
        x = layer(x)
    return keras.Model(latents, x, name=name)


def shake(model, seed=0):
    """Gives biases, and all of BatchNormalization, the values that training might."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        if "variance" in weight.path or "gamma" in weight.path:
            weight.assign(random.uniform(0.5, 2, weight.shape))
        elif len(weight.shape) == 1:
            weight.assign(random.normal(size=weight.shape))
    return model


def contents(folder):
    """The names of what is in a folder, but for the lock of those that write its page."""
    return sorted(path.name for path in pathlib.Path(folder).iterdir() if path.suffix != ".lock")


def draw_here(path, runtime, inputs):
    """Draws with an export in this process, and does not measure how long that takes."""
    call, batch_size, version = runtimes.RUNTIMES[runtime](str(path))
    sizes = ("1", "32") if batch_size is None else (str(batch_size),)
    drawn = runtimes._draw(call, inputs, batch_size)
    return drawn, {"milliseconds": dict.fromkeys(sizes, 1.0), "runtime": version}
