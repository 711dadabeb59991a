import numpy as np
from measured import GENERATED, REAL, normal

from kgan import metrics
from kgan.metrics import distances


def test_chunks_do_not_change_any_measure(monkeypatch):
    def all_measures():
        return (
            metrics.precision_recall(REAL, GENERATED),
            metrics.density_coverage(REAL, GENERATED),
            metrics.parzen_log_likelihood(GENERATED, REAL[:50], REAL[50:]),
            metrics.memorization(GENERATED, REAL[:200], REAL[200:])[:2],
        )

    at_once = all_measures()
    monkeypatch.setattr(distances, "CHUNK", 1000)
    assert len(list(distances.squared(REAL, GENERATED))) == 100
    for one, other in zip(at_once, all_measures(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_distances_in_chunks_are_those_of_all_at_once(monkeypatch):
    x, y = normal(30, 5).astype("float32"), normal(40, 5, seed=1)
    expected = np.square(x[:, None].astype("float64") - y[None]).sum(axis=-1)
    monkeypatch.setattr(distances, "CHUNK", 37)
    found = np.concatenate([part for _, part in distances.squared(x, y)])
    np.testing.assert_allclose(found, expected, atol=1e-9)
