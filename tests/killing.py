"""Runs the `kgan` command in processes that end when and how a test says.

They are forked from a process that has imported everything and done nothing yet, so that each
starts at once.
"""

import dataclasses
import multiprocessing
import os
import pathlib
import signal
import sys
import zipfile

import keras

import kgan_command
from kgan import callbacks, penalties, recipes

MOMENTS = {
    "batch": (keras.callbacks.CallbackList, "on_train_batch_end"),
    "epoch": (keras.callbacks.CallbackList, "on_epoch_end"),
    "entry of a file": (zipfile.ZipFile, "writestr"),
    "sync": (os, "fsync"),
    "rename": (os, "replace"),
}


SMALL_DCGAN = dataclasses.replace(
    recipes.DIGITS,
    architecture="dcgan",
    network={"latent_dim": 8, "width": 8},
    penalties=(penalties.R1(0.1),),
)


def start(folder, arguments, moment="batch", when="before", number=0):
    """Starts `kgan train` of these arguments into `folder`; what it says goes to `folder`.txt.

    It sends SIGKILL to itself `before` or `after` the `number`-th time that `moment` comes, and
    makes a backup every few milliseconds. With 0 it does neither.

    Returns:
        A `multiprocessing.Process`.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killing", "kgan.cli"])
    command = ["kgan", "train", *map(str, arguments), "--output", str(folder)]
    process = context.Process(target=_run, args=(command, said(folder), moment, when, number))
    process.start()
    return process


def said(folder):
    """The file of what the processes of a run have written to the terminal, stdout and stderr."""
    return pathlib.Path(f"{folder}.txt")


def _run(command, said, moment, when, number):
    with open(said, "ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    # What runs the tests in the background may ignore Ctrl-C, and its children with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if number:
        callbacks.BackupAndRestore.__init__.__kwdefaults__["every_seconds"] = 0.05
        _kill(moment, when, number)
    recipes.ALL["small_dcgan"] = SMALL_DCGAN
    sys.argv = command
    kgan_command.main()


def _kill(moment, when, number):
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
