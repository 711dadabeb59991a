import numpy as np
import pytest
import scipy.special

from kgan import losses, theory

PROBABILITIES = np.array([1e-6, 0.01, 0.3, 0.5, 0.9])
LOGITS = scipy.special.logit(PROBABILITIES)


def test_the_value_is_its_formula():
    real, fake = np.array([0.3, 2.0]), np.array([-1.0, 0.5, 0.1])
    expected = np.log(scipy.special.expit(real)).mean()
    expected += np.log(1 - scipy.special.expit(fake)).mean()
    assert theory.value(real, fake) == pytest.approx(expected)


def test_the_value_is_that_of_the_minimax_loss():
    real, fake = np.float64([0.3, 2.0]), np.float64([-1.0, 0.5])
    loss = losses.Minimax().discriminator_loss(real, fake)
    assert theory.value(real, fake) == pytest.approx(-float(np.mean(loss)), abs=1e-6)


def test_who_guesses_plays_for_minus_log_four():
    assert theory.value(np.zeros((5, 1)), np.zeros((3, 1))) == pytest.approx(-np.log(4))
    assert theory.implied_divergence(-np.log(4)) == 0


def test_the_value_of_a_sure_discriminator_is_finite():
    assert theory.value([1e4], [-1e4]) == 0
    assert theory.value([-1e4], [1e4]) == -2e4


def test_the_value_of_nothing_is_refused():
    with pytest.raises(ValueError, match="`fake_logits` must hold at least one"):
        theory.value([0.0], [])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("minimax", -PROBABILITIES),
        ("non_saturating", PROBABILITIES - 1),
        ("least_squares", LOGITS - 1),
        ("wasserstein", -np.ones(5)),
        ("hinge", -np.ones(5)),
        ("relativistic", -scipy.special.expit(0.5 - LOGITS)),
    ],
)
def test_the_gradient_of_each_loss_has_its_closed_form(loss, expected):
    found = theory.generator_gradient(loss, PROBABILITIES, real_logits=0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_every_loss_has_a_gradient():
    for loss in losses.ALL:
        assert (theory.generator_gradient(loss, [0.5]) < 0).all()


def test_logits_that_are_nan_are_refused():
    with pytest.raises(ValueError, match="`real_logits` must not hold NaN"):
        theory.value([np.nan], [0.0])


def test_real_logits_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"Received: shapes \(3,\) and \(2,\)"):
        theory.generator_gradient("relativistic", [0.1, 0.2], real_logits=[0.0, 1.0, 2.0])


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, np.nan])
def test_a_probability_at_its_bounds_is_refused(probability):
    with pytest.raises(ValueError, match="`fake_probability` must be strictly between 0 and 1"):
        theory.generator_gradient("minimax", [0.5, probability])
