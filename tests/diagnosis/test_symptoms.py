import math

import pytest

from kgan.diagnosis import NAMES, Reading, Risk, find_symptoms
from kgan.diagnosis.rules import LATELY, RULES
from kgan.diagnosis.symptoms import WARM_UP, advice

HEALTHY = {
    "real_logit": 0.3,
    "fake_logit": -0.3,
    "logit_spread": 1.0,
    "auc": 0.7,
    "held_out_auc": 0.65,
    "slope": 5.0,
    "push": 0.6,
    "generator_gradient": 1.0,
    "discriminator_gradient": 1.0,
    "variety": 0.95,
    "distance": 0.02,
    "missing": 0.02,
    "drift": 0.4,
    "memorization": 1.0,
    "label_margin": 0.8,
    "label_effect": 1.0,
}
SICK = {
    "diverged": {"logit_spread": 50.0},
    "generator_starved": {"push": 1e-6, "auc": 0.999},
    "class_collapse": {"label_margin": 0.5, "label_effect": 0.1},
    "discriminator_overfits": {"auc": 0.95, "held_out_auc": 0.5},
    "mode_collapse": {"missing": 0.5, "distance": 0.3},
    "discriminator_too_weak": {"auc": 0.1, "held_out_auc": 0.1},
    "discriminator_won": {"auc": 1.0, "held_out_auc": 1.0, "distance": 0.3},
    "not_converging": {"auc": 0.9, "held_out_auc": 0.9, "drift": 0.8, "distance": 0.3},
    "memorizes": {"memorization": 0.5},
}


def readings(*courses):
    """Readings, 100 steps apart: pairs of how many, and in what they differ from healthy ones."""
    changes = [change for number, change in courses for _ in range(number)]
    return [Reading(100 * i, **{**HEALTHY, **change}) for i, change in enumerate(changes)]


def after_a_start(*courses):
    """As `readings`, after one of samples that are still far from the data."""
    return readings((1, {"distance": 1.0}), *courses)


def names(found):
    return [symptom.name for symptom in found]


def test_a_healthy_game_shows_nothing():
    assert find_symptoms(readings((60, {}))) == []
    assert find_symptoms([]) == []


def test_a_game_of_which_little_is_known_shows_nothing():
    assert (
        find_symptoms(
            [
                Reading(
                    i,
                    0.0,
                    0.0,
                    1.0,
                    0.7,
                    variety=1.0,
                    slope=1.0,
                    generator_gradient=1.0,
                    discriminator_gradient=1.0,
                )
                for i in range(60)
            ]
        )
        == []
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_symptom_is_told_with_its_evidence_and_what_to_do(name):
    (symptom,) = find_symptoms(after_a_start((40, SICK[name])))
    assert symptom.name == name
    assert symptom.until_step is None
    assert symptom.evidence
    assert all(isinstance(value, float) for value in symptom.evidence.values())
    for key, value in symptom.evidence.items():
        if key in SICK[name]:
            assert value == pytest.approx(SICK[name][key])
    changed = [key for key in symptom.evidence if key in SICK[name]]
    assert changed
    assert symptom.says.endswith(".")
    assert symptom.advice.endswith(".")


@pytest.mark.parametrize("name", [rule.name for rule in RULES])
def test_one_bad_reading_in_four_is_no_symptom(name):
    bad = readings(*[(1, SICK[name] if i % 4 == 0 else {}) for i in range(60)])
    assert find_symptoms(bad) == []


def test_three_bad_readings_in_four_are_one_since_the_first_of_them():
    course = (20, {}), (2, SICK["memorizes"]), (1, {}), (1, SICK["memorizes"])
    (symptom,) = find_symptoms(readings(*course))
    assert symptom.since_step == 2000


def test_a_symptom_is_over_once_four_readings_are_well():
    sick = SICK["memorizes"]
    found = find_symptoms(readings((20, {}), (10, sick), (3, {})))
    assert [one.until_step for one in found] == [None]
    found = find_symptoms(readings((20, {}), (10, sick), (3, {}), (1, sick), (4, {})))
    assert [one.until_step for one in found] == [3700]


def test_samples_that_were_alike_are_so_until_they_are_varied():
    alike, little, varied = ({"variety": variety} for variety in (0.01, 0.1, 0.5))
    course = (20, {}), (10, alike), (10, little)
    assert [one.until_step for one in find_symptoms(readings(*course))] == [None]
    for number, until in ((3, None), (4, 4300)):
        found = find_symptoms(readings(*course, (number, varied)))
        assert [one.until_step for one in found] == [until]
    assert find_symptoms(readings((20, {}), (20, little))) == []


def test_a_symptom_that_comes_back_is_another_one():
    sick = SICK["memorizes"]
    found = find_symptoms(readings((20, {}), (10, sick), (10, {}), (10, sick)))
    assert [(one.since_step, one.until_step) for one in found] == [(2000, 3300), (4000, None)]


def test_more_readings_change_nothing_of_what_was_over():
    course = readings((20, {}), (10, SICK["memorizes"]), (10, {}), (10, SICK["class_collapse"]))
    last = []
    for number in range(len(course) + 1):
        found = find_symptoms(course[:number])
        assert names(found)[: len(last)] == names(last)
        for one, before in zip(found, last, strict=False):
            assert before.until_step in (None, one.until_step)
        last = found
    assert names(last) == ["memorizes", "class_collapse"]


def test_at_first_every_game_looks_sick():
    assert find_symptoms(readings((WARM_UP, SICK["mode_collapse"]), (54, {}))) == []


def test_a_symptom_hides_what_it_causes_while_it_lasts():
    both = {"variety": 0.01} | SICK["memorizes"]
    found = find_symptoms(readings((20, {}), (20, both), (20, SICK["memorizes"])))
    assert names(found) == ["mode_collapse", "memorizes"]
    assert found[0].until_step == found[1].since_step + 300  # Four readings.


@pytest.mark.parametrize("name", ["mode_collapse", "discriminator_won", "not_converging"])
def test_a_game_that_still_comes_nearer_to_the_data_is_not_sick(name):
    falling = [(1, SICK[name] | {"distance": 0.4 * 0.97**i}) for i in range(60)]
    assert find_symptoms(after_a_start(*falling)) == []
    slower = [(1, SICK[name] | {"distance": 0.4 * 0.999**i}) for i in range(60)]
    assert names(find_symptoms(after_a_start(*slower))) == [name]


def test_samples_that_are_all_alike_need_no_proof_of_a_standstill():
    (symptom,) = find_symptoms(readings((WARM_UP + 3, {"variety": 0.01})))
    assert symptom.name == "mode_collapse"
    assert "alike" in symptom.says
    assert WARM_UP + 3 < WARM_UP + LATELY


def test_numbers_that_are_not_finite_are_divergence_alone():
    bad = {"fake_logit": math.nan, "variety": math.nan, "distance": math.nan, "auc": 0.0}
    (symptom,) = find_symptoms(readings((20, {}), (40, bad)))
    assert symptom.name == "diverged"
    assert "not finite" in symptom.says


def test_the_advice_for_a_risk_comes_before_that_for_its_symptom():
    (symptom,) = find_symptoms(readings((40, {"variety": 0.01})))
    risks = [Risk(("diverged",), "", "Slow down."), Risk(("mode_collapse",), "", "Raise it.")]
    assert advice(symptom, risks) == "Raise it."
    assert advice(symptom, risks[:1]) == symptom.advice


def test_one_reading_that_is_not_finite_is_enough():
    bad = {"fake_logit": math.nan, "variety": math.nan}
    for number in (1, 20):
        (symptom,) = find_symptoms(readings((number, {}), (1, bad)))
        assert (symptom.name, symptom.since_step) == ("diverged", 100 * number)


def test_a_confused_d_is_too_weak_where_samples_are_far_from_the_data():
    confused = {"auc": 0.5, "held_out_auc": 0.5}
    assert names(find_symptoms(readings((40, confused | {"distance": 0.9})))) == [
        "discriminator_too_weak"
    ]
    assert find_symptoms(readings((40, confused | {"distance": 0.01}))) == []


@pytest.mark.parametrize(
    ("auc", "name"), [(0.7, "discriminator_too_weak"), (0.95, "discriminator_won")]
)
def test_samples_that_are_no_nearer_than_at_the_beginning_are_the_weaker_players_fault(auc, name):
    both = {"auc": auc, "held_out_auc": auc}
    creeping = [(1, both | {"distance": 0.4 * 0.99**i}) for i in range(20)]
    (symptom,) = find_symptoms(readings(*creeping))
    assert symptom.name == name
    assert symptom.since_step <= 100 * (WARM_UP + 1)
    assert "as far from the data as before the first step" in symptom.says
    assert symptom.evidence["auc"] == pytest.approx(auc)
    # It is over once they are, however slowly they got there.
    creeping += [(1, both | {"distance": 0.2 * 0.95**i}) for i in range(20)]
    (symptom,) = find_symptoms(readings(*creeping))
    assert symptom.until_step is not None
    # Nor is it one if they were near from the beginning, or if the beginning is not known.
    assert find_symptoms(readings((40, both | {"distance": 0.1}))) == []
    assert find_symptoms(readings(*creeping)[2:20]) == []


def test_where_no_time_has_passed_nothing_stands_still():
    for name in ("mode_collapse", "discriminator_won", "not_converging"):
        for one in readings((2, SICK[name])):
            assert find_symptoms([one] * 20) == []


def test_a_standstill_is_one_since_half_of_the_time():
    # Of late the distance has stopped falling, though it is well below what it was halfway.
    course = [max(0.45 * 0.97**i, 0.1) for i in range(130)]
    falling = [(1, SICK["mode_collapse"] | {"distance": distance}) for distance in course]
    assert course[60] == course[90]
    assert find_symptoms(after_a_start(*falling[:90])) == []
    (symptom,) = find_symptoms(after_a_start(*falling))
    assert symptom.name == "mode_collapse"
    assert symptom.since_step > 9000


def test_a_d_that_hardly_tells_is_too_weak_once_samples_stand_still():
    half = {"auc": 0.7, "held_out_auc": 0.7, "distance": 0.3, "drift": 0.1}
    (symptom,) = find_symptoms(after_a_start((40, half)))
    assert symptom.name == "discriminator_too_weak"
    falling = [(1, half | {"distance": 0.6 * 0.95**i}) for i in range(40)]
    assert find_symptoms(after_a_start(*falling)) == []
    near = half | {"distance": 0.08}
    assert find_symptoms(after_a_start((40, near))) == []


def steepening(slopes, **change):
    return readings(*[(1, {"slope": slope, "distance": 0.01} | change) for slope in slopes])


def test_a_d_that_becomes_ever_steeper_near_the_data_does_not_converge():
    slopes = [0.5 * 1.15**i for i in range(20)]
    (symptom,) = find_symptoms(steepening(slopes))
    assert symptom.name == "not_converging"
    assert symptom.until_step is None
    assert "steeper and steeper" in symptom.says
    assert symptom.evidence["slope"] > 2
    # It is over once D is as steep as before.
    (symptom,) = find_symptoms(steepening([*slopes, *[slopes[-1]] * 12]))
    assert symptom.until_step is not None


@pytest.mark.parametrize(
    ("slopes", "change"),
    [
        pytest.param([0.01 * 1.15**i for i in range(20)], {}, id="flat all the time"),
        pytest.param([5 * 1.05**i for i in range(20)], {}, id="hardly steeper"),
        pytest.param([*[4] * 12, 12, 4, 4, 11, *[4] * 12, 9], {}, id="single peaks"),
        pytest.param([4 * (1.2, 0.8, 1.1, 0.7, 1.3)[i % 5] for i in range(200)], {}, id="noise"),
        pytest.param([50 * 0.9**i for i in range(40)], {}, id="less and less steep"),
        pytest.param([0.5 * 1.15**i for i in range(20)], {"distance": 0.1}, id="samples are far"),
    ],
)
def test_a_d_that_is_steep_for_another_reason_is_no_symptom(slopes, change):
    assert find_symptoms(steepening(slopes, **change)) == []


def test_without_held_out_data_nothing_is_said_of_it():
    unknown = {"held_out_auc": math.nan, "memorization": math.nan}
    for name in ("discriminator_overfits", "memorizes"):
        assert find_symptoms(readings((40, SICK[name] | unknown))) == []
    assert names(find_symptoms(readings((40, {"auc": 0.1} | unknown)))) == [
        "discriminator_too_weak"
    ]
