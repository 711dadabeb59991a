"""Fixtures of all tests."""

import keras
import pytest

import kgan


@pytest.fixture(autouse=True)
def _fresh_keras():
    """Each test begins with the same random numbers, float32 and automatic names."""
    keras.utils.clear_session(free_memory=False)
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def _doctest_namespace(doctest_namespace):
    doctest_namespace["kgan"] = kgan
    doctest_namespace["keras"] = keras
