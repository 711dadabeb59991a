import pytest

import kgan
from kgan.recipes import precision


@pytest.mark.parametrize("name", ["float32", "mixed_bfloat16"])
def test_a_named_precision_is_used(name):
    assert kgan.recipes.resolve_precision(name) == name


@pytest.mark.parametrize(("fast", "expected"), [(True, "mixed_bfloat16"), (False, "float32")])
def test_auto_is_bfloat16_where_that_is_fast(monkeypatch, fast, expected):
    monkeypatch.setattr(precision, "_has_fast_bfloat16", lambda: fast)
    assert kgan.recipes.resolve_precision("auto") == expected
