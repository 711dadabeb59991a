"""Plans, as run.json keeps them."""

import json

import pytest

from kgan import runs
from kgan.cli.planning import Plan


@pytest.mark.parametrize(
    ("name", "options", "settings"),
    [
        ("pictures", {"image_size": (64, 96)}, ["penalties=r1:0.5"]),
        ("pictures", {"steps": 300}, ["augmentation=none"]),
        ("digits", {}, ["generator_units=64,64", "penalties=none"]),
    ],
)
def test_what_is_asked_for_is_the_same_out_of_json(name, options, settings):
    asked = Plan.of(name, options, settings, {}).asked
    assert json.loads(json.dumps(asked)) == asked


def test_a_resumed_plan_keeps_the_precision_and_what_was_set(tmp_path):
    run = runs.Run(tmp_path)
    settings, options = ["latent_dim=16"], {"precision": "auto"}
    plan = Plan.of("pictures", options, settings, {})
    assert plan.asked == Plan.of("pictures", {}, settings, {}).asked
    run.begin(plan.asked, chosen={"architecture": "mlp", "precision": "mixed_bfloat16"})
    again = Plan.of("pictures", options, settings, {}).remembering(run)
    assert again.recipe.precision == "mixed_bfloat16"
    assert again.recipe.network == {"latent_dim": 16}
    assert again.asked == plan.asked


@pytest.mark.parametrize(("given", "chosen"), [("auto", True), ("mixed_bfloat16", False)])
def test_where_no_step_is_timed_an_open_precision_is_chosen_all_the_same(given, chosen):
    plan = Plan.of("pictures", {"precision": given}, [], {}).with_precision()
    assert plan.recipe.precision in ("float32", "mixed_bfloat16")
    assert plan.chosen == ({"precision": plan.recipe.precision} if chosen else {})
