"""Small trainings that are interrupted, by an exception for speed, and resumed."""

import functools

import keras
import players
import pytest

import kgan

STEPS, EPOCHS = 4, 3


class Kill(keras.callbacks.Callback):
    """Raises an exception after so many batches, and after the backup that follows the last."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_batch_begin(self, batch, logs=None):
        if self.batches == 0:
            raise KeyboardInterrupt
        self.batches -= 1


class Seen(keras.callbacks.Callback):
    """Writes down what a callback is called with."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append("begin")

    def on_train_end(self, logs=None):
        self.calls.append("end")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} of {self.params['epochs']}")

    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(batch)

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"end of {epoch}")


def game(dropout=0.3, **arguments):
    """A small game with labels and dropout."""
    return players.linear(10, dropout, **arguments)


def full_game(**arguments):
    """A game with everything that has a state: also Adam, a penalty, and two steps of D."""
    adam = {"generator_optimizer": "adam", "discriminator_optimizer": "adam"}
    return game(**{"discriminator_steps": 2, "penalties": ["r1"], **adam, **arguments})


def train(gan, folder, *callbacks, data=None, epochs=EPOCHS, every_seconds=60, **options):
    """The history of a training with backups: one at the end, as a minute is more than it takes."""
    backup = kgan.callbacks.BackupAndRestore(folder, every_seconds=every_seconds)
    data = players.dataset(10) if data is None else data
    watching = [backup, *callbacks]
    return gan.fit(data, epochs=epochs, verbose=0, callbacks=watching, **options)


def killed(gan, folder, batches, *callbacks, **options):
    """Trains until an interruption after so many batches, with a backup after each of them."""
    with pytest.raises(KeyboardInterrupt):
        train(gan, folder, *callbacks, Kill(batches), **{"every_seconds": 0, **options})


def same(first, second):
    """Whether two pairs of a GAN and its history are equal, bit for bit."""
    (gan, history), (other, other_history) = first, second
    weights = players.same(players.digest(gan), players.digest(other))
    return weights and (history.epoch, history.history) == (
        other_history.epoch,
        other_history.history,
    )


def undisturbed(make=game, **options):
    """A GAN that was trained without interruption, and its history."""
    gan = make()
    return gan, gan.fit(options.pop("data", players.dataset(10)), verbose=0, **options)


@functools.cache
def uninterrupted(make=game, epochs=EPOCHS):
    """What `undisturbed` returns, trained once for all tests."""
    return undisturbed(make, epochs=epochs)


def dcgan():
    return players.gan(10, kgan.architectures.dcgan, penalties=["r1"])
