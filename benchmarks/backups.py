"""What backups cost: the share of training time that `BackupAndRestore` takes.

Each recipe trains for a while with a backup every few seconds; each backup is timed where it is
made, between two batches of the training. A backup a minute then takes that time out of 60 s.
"""

import argparse
import dataclasses
import pathlib
import statistics
import tempfile
import time

import keras
import report

import kgan


class _Stop(keras.callbacks.Callback):
    """Ends training after so many seconds."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    def on_train_begin(self, logs=None):
        self.begin = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if time.perf_counter() - self.begin > self.seconds:
            self.model.stop_training = True


class _TimedBackup(kgan.callbacks.BackupAndRestore):
    """Notes how long each backup takes."""

    def __init__(self, folder, every_seconds):
        super().__init__(folder, every_seconds=every_seconds)
        self.seconds = []

    def _save(self, epoch, batch):
        begin = time.perf_counter()
        super()._save(epoch, batch)
        self.seconds.append(time.perf_counter() - begin)


def run(name, seconds, every_seconds):
    """Trains the recipe `name` for `seconds`, with a backup every `every_seconds`."""
    recipe = dataclasses.replace(kgan.recipes.get(name), epochs=10**6)
    dataset = recipe.load()
    gan = recipe.build(dataset)
    gan.fit(dataset, epochs=1, verbose=0, callbacks=[_Stop(1)])
    with tempfile.TemporaryDirectory() as folder:
        backup = _TimedBackup(folder, every_seconds)
        begin = time.perf_counter()
        gan.fit(dataset, epochs=recipe.epochs, verbose=0, callbacks=[backup, _Stop(seconds)])
        training = time.perf_counter() - begin
        size = (pathlib.Path(folder) / kgan.resumption.backups.NEWEST).stat().st_size
    return {
        "backup_seconds": backup.seconds,
        "training_seconds": training,
        "backup_mb": size / 1e6,
        "share_at_one_a_minute": statistics.mean(backup.seconds) / 60,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    output = report.RESULTS / "backups.json"
    parser.add_argument("--output", type=pathlib.Path, default=output, help="Where the JSON goes.")
    parser.add_argument("--seconds", type=float, default=60, help="Of training, each recipe.")
    parser.add_argument("--every-seconds", type=float, default=3, help="Between two backups.")
    arguments = parser.parse_args()
    settings = {"seconds": arguments.seconds, "every_seconds": arguments.every_seconds}
    results = {name: run(name, **settings) for name in ("digits", "mnist")}
    report.write(arguments.output, settings, results)


if __name__ == "__main__":
    main()
