"""Whether training holds on to memory, and how much `kgan train` takes at most.

What the process holds after each epoch of one `fit` of the recipe `digits`, with the pictures that
`kgan train` draws. The growth is the least-squares slope from epoch `--from-epoch` to the last;
what is traced, cached and imported once is over then. After that an epoch of some recipes by the
command, each in a process of its own, and the most that it held, data, pictures and files included.
Linux only: it reads sizes from /proc.
"""

import argparse
import pathlib
import tempfile

import keras
import numpy as np
import report

from kgan import callbacks, recipes

RECIPES = ("digits", "mnist", "fashion_mnist")


class ResidentMemory(keras.callbacks.Callback):
    """Notes the memory of the process, in MiB, before training and after each epoch."""

    def on_train_begin(self, logs=None):
        self.before = report.resident_memory()
        self.after_epochs = []

    def on_epoch_end(self, epoch, logs=None):
        self.after_epochs.append(report.resident_memory())


def run(epochs, from_epoch):
    """Trains, and looks at the memory.

    Args:
        epochs: how many.
        from_epoch: the first one, counted from 1, that the slope is of.

    Returns:
        A dict: the memory in MiB before training and after each epoch, and its growth.
    """
    recipe = recipes.DIGITS
    dataset = recipe.load()
    gan = recipe.build(dataset)
    memory = ResidentMemory()
    with tempfile.TemporaryDirectory() as folder:
        samples = callbacks.SampleGrid(folder, every_epochs=max(1, epochs // 30))
        gan.fit(dataset, epochs=epochs, verbose=0, callbacks=[samples, memory])
    numbers = np.arange(from_epoch, epochs + 1)
    slope, _ = np.polyfit(numbers, memory.after_epochs[from_epoch - 1 :], deg=1)
    return {
        "before_training_mib": memory.before,
        "after_epochs_mib": memory.after_epochs,
        "growth_mib_per_epoch": float(slope),
        "steps_per_epoch": dataset.steps_per_epoch,
    }


def peaks():
    """The most memory that an epoch of `kgan train` takes, in MiB, by recipe."""
    found = {}
    for name in RECIPES:
        with tempfile.TemporaryDirectory() as folder:
            options = ["--recipe", name, "--epochs", 1, "--output", folder]
            found[name] = report.kgan("train", *options, "--conditional")
        print(f"{name}: {found[name]:.0f} MiB at most", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    output = report.RESULTS / "memory.json"
    parser.add_argument("--output", type=pathlib.Path, default=output, help="Where the JSON goes.")
    parser.add_argument("--epochs", type=int, default=20, help="Epochs of the one fit.")
    parser.add_argument("--from-epoch", type=int, default=5, help="Where the slope begins.")
    arguments = parser.parse_args()
    if not 1 <= arguments.from_epoch < arguments.epochs:
        parser.error("--from-epoch must be at least 1, and less than --epochs.")
    results = run(arguments.epochs, arguments.from_epoch) | {"peaks_mib": peaks()}
    settings = {"epochs": arguments.epochs, "from_epoch": arguments.from_epoch}
    report.write(arguments.output, settings, results)
    print(f"growth: {results['growth_mib_per_epoch']:.3f} MiB an epoch")


if __name__ == "__main__":
    main()
