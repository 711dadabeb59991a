"""Plans, as run.json keeps them."""

import json

import pytest

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
