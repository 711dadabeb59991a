"""Plays games on several devices, and in several workers, each in processes of its own.

The devices are logical ones of the CPU, which must be there before TensorFlow begins. So processes
are forked from one that has imported everything and done nothing yet.
"""

import contextlib
import json
import multiprocessing
import os
import socket
import traceback

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import kgan

RATES = {"SGD": 0.05, "Adam": 1e-3}


def networks(num_classes=10, synchronized=False, dropout=0.0):
    """A small pair for the digits, with labels, and BatchNormalization in the generator."""
    latents, images = keras.Input((16,), name="latents"), keras.Input((8, 8, 1), name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    x = layers.Concatenate()([latents, layers.Embedding(num_classes, 8)(labels)])
    x = layers.BatchNormalization(synchronized=synchronized)(layers.Dense(32, "relu")(x))
    x = layers.Reshape((8, 8, 1))(layers.Dense(64, "tanh", dtype="float32")(x))
    y = layers.Concatenate()(
        [layers.Flatten()(images), layers.Flatten()(layers.Embedding(num_classes, 8)(labels))]
    )
    y = layers.Dropout(dropout)(layers.Dense(32, "leaky_relu")(y))
    y = layers.Dense(1, dtype="float32")(y)
    return keras.Model([latents, labels], x), keras.Model([images, labels], y)


def linear_networks():
    """A pair that is traced quickly."""
    latents, images = keras.Input((16,), name="latents"), keras.Input((8, 8, 1), name="images")
    x = layers.Reshape((8, 8, 1))(layers.Dense(64, "tanh")(latents))
    y = layers.Dense(1)(layers.Flatten()(images))
    return keras.Model(latents, x), keras.Model(images, y)


def game(strategy=None, optimizer="SGD", k=1, dropout=0.0, is_linear=False, **rules):
    """A compiled game, within the scope of `strategy`."""
    keras.utils.set_random_seed(1)
    with strategy.scope() if strategy else contextlib.nullcontext():
        options = {"synchronized": strategy is not None, "dropout": dropout}
        pair = linear_networks() if is_linear else networks(**options)
        gan = kgan.GAN(*pair, seed=0, discriminator_steps=k)
        class_of = getattr(keras.optimizers, optimizer)
        gan.compile(*(class_of(RATES[optimizer]) for _ in range(2)), **rules)
    return gan


def data(batch_size=64, split="train", with_labels=True):
    """The digits."""
    return kgan.datasets.digits(split, batch_size=batch_size, with_labels=with_labels)


def learned(gan):
    """Everything that a game has learned, as arrays by name."""
    optimizers = gan.generator_optimizer, gan.discriminator_optimizer
    variables = [*gan.weights, *(one for optimizer in optimizers for one in optimizer.variables)]
    return {f"{i} {variable.path}": variable.numpy() for i, variable in enumerate(variables)}


def play(strategy=None, steps=20, k=1, **options):
    """What a game of some steps has learned, and its logs."""
    gan = game(strategy, k=k, **options)
    history = gan.fit(data(64 * k), steps_per_epoch=steps, verbose=0).history
    return learned(gan), {name: value for name, (value,) in history.items()}


def largest_difference(first, second):
    """Between two results of `play`, in trainable weights and averages, and in logs: two floats."""
    weights = [
        np.abs(first[0][name] - second[0][name]).max()
        for name in first[0]
        if "seed_generator" not in name
    ]
    logs = [abs(first[1][name] - second[1][name]) for name in first[1] if "accuracy" not in name]
    return max(map(float, weights)), max(logs)


def on_devices(number, function, *arguments, **options):
    """Returns `function(strategy, ...)` of a process with so many replicas.

    Raises:
        RuntimeError: with its traceback, where it raises anything.
    """
    (answer,) = _gathered([("devices", number)], function, arguments, options)
    return answer


def in_workers(number, function, *arguments, **options):
    """Returns `function(strategy, ...)` of so many processes that train together, a list."""
    return _gathered(worker_places(number), function, arguments, options)


def worker_places(number):
    """For each of so many workers, what TF_CONFIG says."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        cluster = {"worker": [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]}
    tasks = [{"type": "worker", "index": index} for index in range(number)]
    return [("worker", json.dumps({"cluster": cluster, "task": task})) for task in tasks]


def start(place, function, *arguments, **options):
    """Starts a process at a place; returns it, and the end of a pipe that its answer comes from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["replicated"])
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(there, place, function, arguments, options))
    process.start()
    there.close()
    return process, here


def _gathered(places, function, arguments, options):
    started = [start(place, function, *arguments, **options) for place in places]
    answers = [pipe.recv() for _, pipe in started]
    for process, _ in started:
        process.join()
    for answer in answers:
        if isinstance(answer, str):
            raise RuntimeError(answer)
    return [answer for (answer,) in answers]


def _run(pipe, place, function, arguments, options):
    """In the process: sets up devices or workers; sends what the function returns or raises."""
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    tf.get_logger().setLevel("ERROR")
    kind, what = place
    try:
        if kind == "worker":
            os.environ["TF_CONFIG"] = what
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
        else:
            (cpu,) = tf.config.list_physical_devices("CPU")
            one = tf.config.LogicalDeviceConfiguration()
            tf.config.set_logical_device_configuration(cpu, what * [one])
            strategy = tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(what)])
        tf.config.experimental.enable_op_determinism()
        pipe.send((function(strategy, *arguments, **options),))
    except BaseException:
        pipe.send(traceback.format_exc())
