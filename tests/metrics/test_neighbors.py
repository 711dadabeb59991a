import pytest
from measured import GENERATED, PUBLISHED, REAL, normal

from kgan import metrics


def test_precision_and_recall_are_torch_fidelitys():
    found = metrics.precision_recall(REAL, GENERATED, k=3)
    assert found.precision == pytest.approx(PUBLISHED["precision"], rel=1e-6)
    assert found.recall == pytest.approx(PUBLISHED["recall"], rel=1e-6)


@pytest.mark.parametrize("k", [3, 5])
def test_density_and_coverage_are_those_of_their_authors(k):
    expected = pytest.importorskip("prdc").compute_prdc(REAL, GENERATED, k)
    found = metrics.density_coverage(REAL, GENERATED, k=k)
    assert found.density == pytest.approx(expected["density"], rel=1e-6)
    assert found.coverage == pytest.approx(expected["coverage"], rel=1e-6)
    found = metrics.precision_recall(REAL, GENERATED, k=k)
    assert found.precision == pytest.approx(expected["precision"], rel=1e-6)
    assert found.recall == pytest.approx(expected["recall"], rel=1e-6)


def test_a_collapsed_generator_is_precise_and_recalls_nothing():
    real = normal(1000, 4)
    collapsed = real[:1] + 1e-3 * normal(1000, 4, seed=1)
    found = metrics.precision_recall(real, collapsed)
    assert found.precision == 1
    assert found.recall < 0.01
    assert metrics.density_coverage(real, collapsed).coverage < 0.05
