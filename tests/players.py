"""Small players and data, of which tests make their games."""

import functools
import math
import os
import pathlib

import keras
import numpy as np
import tensorflow as tf

import kgan

BATCH_SIZE = 16
LATENT_DIM = 4


def networks(num_classes=None, architecture=kgan.architectures.dcgan):
    """A pair for 8×8×1 images with a dozen units a layer."""
    sizes = {}
    if architecture is kgan.architectures.mlp:
        sizes = {"generator_units": (8,), "discriminator_units": (8,), "maxout_pieces": 2}
    elif architecture is kgan.architectures.dcgan:
        sizes = {"width": 8}
    return architecture((8, 8, 1), LATENT_DIM, num_classes=num_classes, **sizes)


@functools.cache
def dataset(num_classes=None, num_samples=64, batch_size=BATCH_SIZE, seed=0):
    """Noise in the shape of digits."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (num_samples, 8, 8, 1), dtype="uint8")
    labels = np.arange(num_samples) % num_classes if num_classes else None
    return kgan.datasets.from_arrays(images, labels, batch_size=batch_size, seed=seed)


def images(low=-1.0, high=1.0, shape=(8, 8, 1), rows=16):
    """A batch of uniform noise that reaches both of its bounds."""
    batch = np.random.default_rng(0).uniform(low, high, (rows, *shape)).astype("float32")
    batch[0].flat[0], batch[0].flat[1] = low, high
    return batch


class Batches(keras.utils.PyDataset):
    """One batch, as Keras's own kind of data set."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return (self.images,)


def discriminator(*last, shape=(8, 8, 1)):
    """A discriminator with the given layers at its end, and none before."""
    inputs = keras.Input(shape)
    x = keras.layers.Flatten()(inputs)
    for layer in last:
        x = layer(x)
    return keras.Model(inputs, x)


def gan(num_classes=None, architecture=kgan.architectures.dcgan, compiled=True, **arguments):
    """A small compiled GAN; `arguments` go to `GAN` and to `compile`, as they belong."""
    keras.utils.set_random_seed(1)
    names = ("discriminator_steps", "latent_distribution", "ema_decay", "ema_half_life", "seed")
    own = {name: arguments.pop(name) for name in names if name in arguments}
    game = kgan.GAN(*networks(num_classes, architecture), **{"seed": 0, **own})
    if compiled:
        game.compile(**{**light(), **arguments})
    return game


def linear(num_classes=None, dropout=0.0, **arguments):
    """As `gan`, with one layer of weights a player, of which a graph is made in half the time.

    For tests of what does not depend on the networks.
    """

    def architecture(image_shape, latent_dim, num_classes):
        latents, images = keras.Input((latent_dim,)), keras.Input(image_shape)
        x, y = latents, keras.layers.Flatten()(images)
        if num_classes:
            labels = [keras.Input((), dtype="int32") for _ in range(2)]
            codes = [keras.layers.Embedding(num_classes, 4)(one) for one in labels]
            x, y = (keras.layers.Concatenate()(pair) for pair in zip((x, y), codes, strict=True))
            latents, images = zip((latents, images), labels, strict=True)
        x = keras.layers.Dense(math.prod(image_shape), activation="tanh")(x)
        y = keras.layers.Dropout(dropout)(y) if dropout else y
        return (
            keras.Model(latents, keras.layers.Reshape(image_shape)(x)),
            keras.Model(images, keras.layers.Dense(1)(y)),
        )

    return gan(num_classes, architecture, **arguments)


@functools.cache
def undisturbed(num_classes=None):
    """What a small GAN is after two epochs: its digest. What watches a training leaves it so."""
    game = gan(num_classes)
    game.fit(dataset(num_classes), epochs=2, verbose=0)
    return digest(game)


def light():
    """Arguments of `compile`: optimizers with state, of which TensorFlow makes a graph quickly."""
    names = ("generator_optimizer", "discriminator_optimizer")
    return {name: keras.optimizers.SGD(0.01, momentum=0.5) for name in names}


@keras.saving.register_keras_serializable("tests")
class Recorder(keras.layers.Layer):
    """Passes its input on, and keeps a copy of each that it is given outside of a graph."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = []

    def call(self, inputs):
        if tf.executing_eagerly() and tf.is_tensor(inputs):
            self.seen.append(inputs.numpy())
        return inputs


def recorded(network):
    """`network` behind a `Recorder`, and that recorder."""
    recorder = Recorder()
    return keras.Sequential([keras.Input(network.input_shape[1:]), recorder, network]), recorder


def weights(network):
    """All weights of a network, as one vector."""
    return np.concatenate([np.ravel(weight) for weight in network.get_weights()])


def digest(game):
    """Everything that a GAN is, as NumPy arrays: both players, both optimizers, the counters."""
    optimizers = [*game.generator_optimizer.variables, *game.discriminator_optimizer.variables]
    return [*game.get_weights(), *(np.asarray(variable) for variable in optimizers)]


def same(first, second):
    """Whether two digests are equal, bit for bit."""
    return len(first) == len(second) and all(
        np.array_equal(a, b) for a, b in zip(first, second, strict=True)
    )


def prepared_data(name):
    """The folder of TFDS in which the data set `name` is prepared, or None."""
    beside = pathlib.Path(__file__).parent.parent.parent / "shared" / "tfds"
    folders = [os.environ.get("TFDS_DATA_DIR"), str(beside)]
    return next((f for f in folders if f and (pathlib.Path(f) / name).is_dir()), None)
