import keras
import pytest

from kgan import datasets, recipes
from kgan.cli import probing
from kgan.cli.planning import Plan


@pytest.mark.parametrize(
    ("given", "seconds", "best"),
    [
        ({}, {"float32": 1.0, "mixed_bfloat16": 0.9}, "float32"),  # Perhaps chance.
        ({}, {"float32": 1.0, "mixed_bfloat16": 0.5}, "mixed_bfloat16"),
        ({}, {"float32": 1e-3}, "float32"),  # Soon done: the other is not tried.
        ({"precision": "mixed_bfloat16"}, {"mixed_bfloat16": 2.0}, "mixed_bfloat16"),
    ],
)
def test_bfloat16_is_chosen_where_it_is_much_faster_or_asked_for(monkeypatch, given, seconds, best):
    monkeypatch.setattr(recipes, "resolve_precision", lambda one: "mixed_bfloat16")
    policy = keras.config.dtype_policy
    monkeypatch.setattr(probing, "seconds_per_step", lambda *_: seconds[policy().name])
    plan = Plan.of("pictures", given, ["architecture=mlp", "generator_units=4"], {})
    data = plan.recipe.batched(datasets.digits(batch_size=1))
    _, plan = probing.built(plan, data, [])
    assert plan.seconds_per_step == seconds[best]
    assert policy().name == best
    assert plan.chosen == ({} if given else {"precision": best})
