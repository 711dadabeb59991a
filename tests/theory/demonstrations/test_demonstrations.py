"""What all demonstrations obey, and what each shows at full length."""

import functools

import numpy as np
import pytest

from kgan import plots
from kgan.theory import demonstrations

SHORT = 0.001


def check_saturation(numbers):
    assert numbers["largest_error_of_formula"] < 1e-3
    for i in range(1, 7):
        minimax = numbers[f"minimax_gradient_at_1e-{i}"]
        assert minimax < numbers[f"non_saturating_gradient_at_1e-{i}"]


def check_latents(numbers):
    assert numbers["constant_variety"] < 1e-3  # All samples are equal, at any length.
    assert numbers["32_normal_variety"] > 0.01


CHECKS = {"saturation": check_saturation, "latents": check_latents}
LONG = (
    "features_without_labels",
    "latents",
    "discriminator_steps",
    "equilibrium",
    "value_of_the_game",
)


@functools.cache
def short(name):
    return demonstrations.ALL[name](SHORT)


@functools.cache
def full(name):
    return demonstrations.ALL[name]()


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in demonstrations.ALL],
)
def test_a_short_one_gives_numbers_a_caption_and_a_figure(name):
    shown = short(name)
    CHECKS.get(name, lambda numbers: None)(shown.numbers)
    assert np.isfinite(list(shown.numbers.values())).all()
    assert shown.caption.endswith(".")
    assert plots.encode(shown.figure).startswith(b"\x89PNG")
    for axes in shown.figure.axes:
        named = axes.get_title() or axes.get_xlabel() or axes.get_ylabel()
        assert named or axes.get_label() == "<colorbar>"


def test_all_are_public():
    assert set(demonstrations.ALL) == set(demonstrations.__all__) - {"ALL", "Demonstration"}


def test_the_same_numbers_come_again():
    first = short("optimal_discriminator").numbers
    assert demonstrations.optimal_discriminator(SHORT).numbers == first


@pytest.mark.parametrize("name", demonstrations.ALL)
def test_a_length_that_is_no_share_is_refused(name):
    for length in (0, 1.5):
        with pytest.raises(ValueError, match=r"`length` must be in \(0, 1\]"):
            demonstrations.ALL[name](length)


# At full length.


@pytest.mark.slow
def test_the_game_of_figure_1_ends_in_equilibrium():
    numbers = full("figure_1").numbers
    assert numbers["largest_deviation"] <= 0.05
    assert (
        numbers["jensen_shannon_divergence"] <= 0.01
    )  # And D does not guess for want of strength.


@pytest.mark.slow
def test_d_learns_the_optimal_answer():
    numbers = full("optimal_discriminator").numbers
    assert numbers["error_in_1d"] <= 0.03
    assert numbers["error_in_2d"] <= 0.03


@pytest.mark.slow
def test_the_value_of_the_game_is_that_of_the_densities():
    numbers = full("value_of_the_game").numbers
    assert numbers["largest_error"] <= 0.02
    assert numbers["at_equilibrium"] == pytest.approx(-np.log(4), abs=0.02)
    measured = [numbers[f"measured_at_{i}"] for i in range(6)]
    assert measured == sorted(measured, reverse=True)


@pytest.mark.slow
def test_minimax_fails_where_the_other_loss_does_not():
    numbers = full("saturation").numbers
    assert numbers["minimax_distance"] > 0.5 * numbers["distance_before"]
    assert numbers["non_saturating_distance"] < 0.1 * numbers["distance_before"]


@pytest.mark.slow
def test_every_k_brings_the_samples_to_the_data():
    numbers = full("discriminator_steps").numbers
    for k in (1, 2, 5):
        assert numbers[f"distance_with_{k}"] < 0.25


@pytest.mark.slow
def test_more_latents_give_more_variety():
    numbers = full("latents").numbers
    few, *many = (numbers[f"{name}_recall"] for name in ("1_normal", "32_normal", "32_uniform"))
    assert few < 0.5 * min(many)
    assert abs(many[1] - many[0]) < min(many) - few  # How many matters more than of which kind.
    assert numbers["constant_variety"] < 1e-3


@pytest.mark.slow
def test_turns_decide_where_the_smallest_game_goes():
    numbers, start = full("dirac_gan").numbers, np.sqrt(2)
    assert numbers["simultaneous_radius"] > 1.5 * start
    assert 0.8 * start < numbers["alternating_radius"] < 1.2 * start
    assert numbers["alternating_with_r1_radius"] < 0.01 * start


@pytest.mark.slow
def test_generated_pairs_teach_a_classifier():
    numbers = full("discriminative_and_generative").numbers
    real, generated = (numbers[f"accuracy_from_{kind}_pairs"] for kind in ("real", "generated"))
    assert real > 0.9
    assert 0.8 < generated <= real


@pytest.mark.slow
def test_an_attack_deceives_a_classifier():
    numbers = full("adversarial_example").numbers
    assert numbers["accuracy"] > 0.9
    assert numbers["accuracy_attacked"] < 0.5
    assert numbers["real_probability_attacked"] < numbers["real_probability"] - 0.1


@pytest.mark.slow
def test_features_of_d_are_better_than_pixels():
    numbers = full("features_without_labels").numbers
    for number in (10, 30, 100, 300, 1000):
        trained, untrained, pixels = (
            numbers[f"{name}_with_{number}"] for name in ("trained", "untrained", "pixels")
        )
        assert trained > pixels
        assert abs(trained - untrained) < 0.05  # As the caption says, it is not the game.


@pytest.mark.slow
def test_only_a_weak_discriminator_guesses_before_the_end():
    numbers = full("equilibrium").numbers
    real = numbers["real_against_real"]
    assert (
        abs(numbers["healthy_fresh"] - real) < 3 * np.sqrt(2) * numbers["real_against_real_error"]
    )
    assert abs(numbers["healthy_playing"] - 0.5) < 0.05
    assert abs(numbers["weak_discriminator_playing"] - 0.5) < 0.05
    assert numbers["weak_discriminator_fresh"] > 0.9
