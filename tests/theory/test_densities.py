import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats

from kgan import theory

GRID = np.linspace(-12, 12, 4801)
CELL = GRID[1] - GRID[0]


def normal(mean, deviation=1.0):
    return scipy.stats.norm(mean, deviation).pdf(GRID)


def test_the_optimal_discriminator_is_one_where_there_is_only_data():
    optimal = theory.optimal_discriminator([0.2, 0.0, 0.3], [0.0, 0.5, 0.1])
    np.testing.assert_allclose(optimal, [1, 0, 0.75])


def test_the_optimal_discriminator_guesses_where_there_is_nothing():
    assert theory.optimal_discriminator([0.0], [0.0]) == 0.5


def test_no_other_answer_is_worth_more_than_the_optimal_one():
    p, q = normal(0), normal(1.5, 0.7)

    def worth(d):
        return CELL * np.sum(p * np.log(d) + q * np.log(1 - d))

    optimal = theory.optimal_discriminator(p, q).clip(1e-12, 1 - 1e-12)
    assert worth(optimal) == pytest.approx(theory.value_at_optimum(p, q, CELL), abs=1e-6)
    for change in (-0.05, 0.05):
        assert worth((optimal + change).clip(1e-12, 1 - 1e-12)) < worth(optimal)


@pytest.mark.parametrize(("mean", "deviation"), [(0, 1), (0.5, 1), (2, 0.3), (6, 0.5)])
def test_the_divergence_is_that_of_scipy(mean, deviation):
    p, q = normal(0), normal(mean, deviation)
    expected = scipy.spatial.distance.jensenshannon(p, q) ** 2
    found = theory.jensen_shannon_divergence(p, q, CELL)
    assert found == pytest.approx(expected, abs=1e-6)
    assert found == pytest.approx(theory.jensen_shannon_divergence(q, p, CELL))


def test_the_divergence_has_its_two_bounds():
    assert theory.jensen_shannon_divergence([0.5, 0.5], [0.5, 0.5]) == 0
    disjoint = theory.jensen_shannon_divergence([1, 0], [0, 1])
    assert disjoint == pytest.approx(np.log(2))


def test_far_tails_give_a_number():
    smallest = np.nextafter(0, 1)
    assert np.isfinite(theory.jensen_shannon_divergence([1.0, smallest], [1.0, 0.0]))


def test_the_value_implies_the_divergence():
    p, q = normal(0), normal(1)
    divergence = theory.jensen_shannon_divergence(p, q, CELL)
    value = theory.value_at_optimum(p, q, CELL)
    assert theory.implied_divergence(value) == pytest.approx(divergence)


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        ([0.5, 0.5], [1.0], r"same points. Received: shapes \(2,\) and \(1,\)"),
        ([0.5, 0.5], [-0.1, 1.1], r"`q` must be a density.*from -0.1 to 1.1"),
        ([np.nan, 0.5], [0.5, 0.5], "`p` must be a density"),
        ([0.5, 0.2], [0.5, 0.5], r"`p` must sum to 1 .* a sum of 0.7, with cell=1"),
    ],
)
def test_what_is_no_density_is_refused(p, q, message):
    with pytest.raises(ValueError, match=message):
        theory.jensen_shannon_divergence(p, q)
