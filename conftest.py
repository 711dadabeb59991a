"""Fixtures of all tests.

What takes long to import is imported inside of them: the process that hands the tests to the
workers has no use for it.
"""

import gc
import os
import shutil

import pytest


def _begin_anew():
    """Sets Keras to the same random numbers, float32 and automatic names.

    Operations are deterministic: on a busy machine they are not otherwise the same to the last bit.
    On a GPU they have all digits of float32, not TensorFloat-32's.
    """
    import keras
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    keras.utils.clear_session(free_memory=False)
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    """What networks say of real samples is kept here, and not in the user's home."""
    os.environ["KGAN_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True, scope="session")
def _fresh_session():
    """Fixtures of the session find what tests find; they are made before `_fresh_keras` is.

    What has been imported stays: Python need not look through it for garbage time and again, which
    takes a tenth of the tests' time.
    """
    _begin_anew()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(autouse=True)
def _fresh_keras():
    """Each test begins with the same Keras, whatever the one before has set."""
    _begin_anew()
    yield
    _begin_anew()


@pytest.fixture(scope="session")
def interrupted(tmp_path_factory):
    """A function that fills a folder with the backups of a training that was interrupted.

    Each such training is made once.
    """
    import trainings

    made = {}

    def fill(folder, batches=6, make=None):
        make = make or trainings.game
        if (make, batches) not in made:
            made[make, batches] = tmp_path_factory.mktemp("interrupted")
            trainings.killed(make(), made[make, batches], batches)
        shutil.copytree(made[make, batches], folder, dirs_exist_ok=True)

    return fill


@pytest.fixture
def _drawn_here(monkeypatch):
    """Exports are proved in this process: the tests are not about the proof, and another costs
    seconds.
    """
    import generators

    from kgan.exports import proof

    monkeypatch.setattr(proof, "_draw", generators.draw_here)


@pytest.fixture
def _xla():
    """Keras turns XLA off where operations are to be deterministic."""
    import tensorflow_internals

    tensorflow_internals.disable_op_determinism()


@pytest.fixture(autouse=True)
def _doctest_namespace(doctest_namespace):
    import keras

    import kgan

    doctest_namespace["kgan"] = kgan
    doctest_namespace["keras"] = keras
