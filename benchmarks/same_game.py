"""Whether two versions of kgan play the same game: weights after 50 steps, bit for bit.

Each version plays every game in a process of its own, with the same seeds, on the embedded digits
and with deterministic operations. What is compared is every weight of both players, the averaged
generator and both optimizers. Where a version computes the same in another order (a gradient
penalty that shares a forward pass with the loss), the largest difference after one step, relative
to the largest weight of the same tensor, says so.

    git worktree add ../kgan_before REVISION
    python benchmarks/same_game.py --other ../kgan_before
"""

import argparse
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

GAMES = {
    "plain": {},
    "k = 2": {"gan": {"discriminator_steps": 2}},
    "R1": {"compile": {"penalties": ["r1"]}},
    "R1, k = 2": {"gan": {"discriminator_steps": 2}, "compile": {"penalties": ["r1"]}},
    "relativistic": {"compile": {"loss": "relativistic"}},
    "relativistic, R1, R2": {"compile": {"loss": "relativistic", "penalties": ["r1", "r2"]}},
    "WGAN-GP": {"compile": {"loss": "wasserstein", "penalties": ["wasserstein_gradient_penalty"]}},
    "labels": {"labels": True},
    "labels, R1, k = 2": {
        "labels": True,
        "gan": {"discriminator_steps": 2},
        "compile": {"penalties": ["r1"]},
    },
}
ARCHITECTURES = ("mlp", "mlp without dropout", "dcgan")
# Adam, whose first steps are all of one size, makes a whole step of a rounding error near zero.
OPTIMIZERS = {"Adam": "adam", "SGD": "sgd"}
STEPS = (1, 50)
BATCH_SIZE = 64


def play(folder):
    """Plays all games with the kgan that is imported; writes the states into `folder`."""
    import keras
    import tensorflow as tf

    import kgan

    tf.config.experimental.enable_op_determinism()
    for architecture, name, optimizer in itertools.product(ARCHITECTURES, GAMES, OPTIMIZERS):
        game = GAMES[name]
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(0)
        labels = game.get("labels", False)
        data = kgan.datasets.digits(batch_size=BATCH_SIZE, with_labels=labels)
        gan = kgan.GAN(*networks(architecture, labels), seed=0, **game.get("gan", {}))
        gan.compile(OPTIMIZERS[optimizer], OPTIMIZERS[optimizer], **game.get("compile", {}))
        stream, done = data.from_step(0), 0
        for steps in STEPS:
            gan.fit(stream.skip(done), steps_per_epoch=steps - done, verbose=0)
            done = steps
            file = folder / f"{architecture} | {name} | {optimizer} | {steps}.npz"
            np.savez(file, *state(gan))


def networks(architecture, labels):
    """A pair for 8×8 images; without dropout, so that all passes of D are of one network."""
    import keras

    import kgan

    num_classes = 10 if labels else None
    if architecture == "dcgan":
        return kgan.architectures.dcgan((8, 8, 1), 16, width=16, num_classes=num_classes)
    sizes = {"generator_units": (64,), "discriminator_units": (32, 32)}
    pair = kgan.architectures.mlp((8, 8, 1), 16, num_classes=num_classes, **sizes)
    if architecture == "mlp":
        return pair

    def without_dropout(layer):
        if isinstance(layer, keras.layers.Dropout):
            return keras.layers.Dropout(0.0)
        return type(layer).from_config(layer.get_config())

    return tuple(keras.models.clone_model(one, clone_function=without_dropout) for one in pair)


def state(gan):
    """Every weight of a GAN and its optimizers, as arrays."""
    variables = [*gan.generator.weights, *gan.discriminator.weights]
    variables += gan.averaged_generator.weights
    variables += [*gan.generator_optimizer.variables, *gan.discriminator_optimizer.variables]
    return [variable.numpy() for variable in variables]


def compare(first, second):
    """Whether two states are equal bit for bit, and by how much they differ at most.

    Returns:
        The pair of a bool, and the largest difference over all tensors, relative to the largest
        value of its tensor.
    """
    furthest, equal = 0.0, True
    for name in first.files:
        ours, theirs = (part[name].astype("float64") for part in (first, second))
        if np.array_equal(ours, theirs):
            continue
        equal = False
        furthest = max(furthest, float(np.abs(ours - theirs).max() / np.abs(theirs).max()))
    return equal, furthest


def main():
    """Runs both versions and compares them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--other", type=pathlib.Path, help="a checkout of the other version")
    parser.add_argument("--play", type=pathlib.Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.play:
        play(arguments.play)
        return
    if not arguments.other or not (arguments.other / "kgan" / "__init__.py").is_file():
        parser.error("--other must be a checkout of another version of kgan.")
    import report

    here = pathlib.Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as folder:
        folders = {}
        for name, checkout in (("this", here), ("other", arguments.other.resolve())):
            folders[name] = pathlib.Path(folder) / name
            folders[name].mkdir()
            command = [sys.executable, __file__, "--play", str(folders[name])]
            environment = {**os.environ, "PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "3"}
            subprocess.run(command, check=True, env=environment, cwd=folder)
        results = {}
        for file in sorted(folders["this"].iterdir()):
            states = [np.load(folders[name] / file.name) for name in ("this", "other")]
            equal, furthest = compare(*states)
            results[file.stem] = {"equal": equal, "largest_relative_difference": furthest}
            print(f"{file.stem}: {'equal' if equal else f'differs by {furthest:.1e}'}")
    revision = ["git", "-C", str(arguments.other), "rev-parse", "--short", "HEAD"]
    other = subprocess.run(revision, capture_output=True, text=True, check=True).stdout.strip()
    report.write(report.RESULTS / "same_game.json", {"other": other, "steps": STEPS}, results)


if __name__ == "__main__":
    main()
