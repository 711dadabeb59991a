"""Fixtures of all tests."""

import os

import keras
import pytest
import tensorflow as tf
from tensorflow.python.framework import config

import kgan


@pytest.fixture(autouse=True)
def _fresh_keras():
    """Each test begins with the same random numbers, float32 and automatic names.

    Operations are deterministic: on a busy machine they are not otherwise the same to the last bit.
    """
    tf.config.experimental.enable_op_determinism()
    keras.utils.clear_session(free_memory=False)
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    """What networks say of real samples is kept here, and not in the user's home."""
    os.environ["KGAN_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def _xla():
    """Keras turns XLA off where operations are to be deterministic."""
    config.disable_op_determinism()


@pytest.fixture(autouse=True)
def _doctest_namespace(doctest_namespace):
    doctest_namespace["kgan"] = kgan
    doctest_namespace["keras"] = keras
