import numpy as np
import pytest

from kgan.diagnosis.clusters import MOST, Clusters


def modes(number, rows=400, sigma=0.01, seed=0):
    """Points around `number` places of a line, and which place each belongs to."""
    random = np.random.default_rng(seed)
    which = np.arange(rows) % number
    return (which[:, None] + sigma * random.normal(size=(rows, 2))).astype("float32"), which


def test_each_mode_is_a_cluster_of_its_own():
    points, which = modes(8)
    clusters = Clusters(points, unit=3.0)
    assert len(clusters.centers) == 8
    np.testing.assert_allclose(clusters.shares, 1 / 8)
    assert len(set(zip(clusters.nearest(points), which, strict=True))) == 8


def test_data_without_modes_has_as_many_clusters_as_allowed():
    points = np.random.default_rng(0).normal(size=(1000, 20)).astype("float32")
    assert len(Clusters(points, unit=6.0).centers) == MOST
    assert len(Clusters(points[:50], unit=6.0).centers) == 5  # At least ten samples in each.


@pytest.mark.parametrize("drawn", [8, 6, 1])
def test_what_is_missing_is_the_share_of_the_modes_that_are_not_drawn(drawn):
    points, which = modes(8)
    clusters = Clusters(points, unit=3.0)
    assert clusters.missing(points[which < drawn], rare=0.1) == pytest.approx(1 - drawn / 8)


def test_a_rare_mode_counts_as_missing():
    points, which = modes(2)
    clusters = Clusters(points, unit=1.0)
    few = np.concatenate([points[which == 0], points[which == 1][:15]])  # 7 % instead of 50 %.
    assert clusters.missing(few, rare=0.1) == 0.0
    assert clusters.missing(few, rare=0.2) == 0.5


def test_samples_that_are_not_finite_have_no_clusters():
    points, _ = modes(2)
    assert np.isnan(Clusters(points, unit=1.0).missing(points * np.nan, rare=0.1))


def test_samples_that_are_all_alike_are_one_cluster():
    assert len(Clusters(np.ones((50, 3), "float32"), unit=1e-12).centers) == 1
