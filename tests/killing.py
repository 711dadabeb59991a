"""Runs the `kgan` command in a process that kills itself at a chosen moment.

`python killing.py MOMENT WHEN N ARGUMENTS...` sends SIGKILL to itself `before` or `after` the N-th
time that MOMENT comes, and makes a backup every few milliseconds. With N = 0 it does neither, and
is for signals from outside.
"""

import dataclasses
import os
import signal
import sys
import zipfile

import keras

import kgan_command
from kgan import architectures, callbacks, penalties, recipes

MOMENTS = {
    "batch": (keras.callbacks.CallbackList, "on_train_batch_end"),
    "epoch": (keras.callbacks.CallbackList, "on_epoch_end"),
    "entry of a file": (zipfile.ZipFile, "writestr"),
    "sync": (os, "fsync"),
    "rename": (os, "replace"),
}


def small_dcgan(image_shape, num_classes):
    """A pair that trains in seconds."""
    return architectures.dcgan(image_shape, 8, width=8, num_classes=num_classes)


SMALL_DCGAN = dataclasses.replace(
    recipes.DIGITS,
    networks=small_dcgan,
    penalties=(penalties.R1(0.1),),
)


def kill(moment, when, number):
    """Makes the process die `before` or `after` the `number`-th time that `moment` comes."""
    owner, name = MOMENTS[moment]
    original = getattr(owner, name)
    count = 0

    def counted(*arguments, **options):
        nonlocal count
        count += 1
        if count == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **options)
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, counted)


def main():
    moment, when, number, *arguments = sys.argv[1:]
    if int(number):
        callbacks.BackupAndRestore.__init__.__kwdefaults__["every_seconds"] = 0.05
    kill(moment, when, int(number))
    recipes.ALL["small_dcgan"] = SMALL_DCGAN
    sys.argv = ["kgan", *arguments]
    kgan_command.main()


if __name__ == "__main__":
    main()
