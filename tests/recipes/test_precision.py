import pytest

import kgan


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_named_precision_is_used(precision):
    assert kgan.recipes.resolve_precision(precision) == precision


def test_auto_is_a_precision_of_this_machine():
    assert kgan.recipes.resolve_precision("auto") in ("float32", "mixed_bfloat16")
