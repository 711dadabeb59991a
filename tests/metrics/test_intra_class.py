import numpy as np
import pytest
from measured import normal

from kgan import metrics

SAMPLES, LABELS = normal(600, 2), np.arange(600) % 3


def test_the_distance_within_classes_is_the_mean_of_those_of_the_classes():
    shift = np.array([0.0, 3.0, 6.0])[LABELS, None]
    found = metrics.intra_class_frechet_distance(SAMPLES, LABELS, SAMPLES + shift, LABELS)
    assert found == pytest.approx((0 + 2 * 9 + 2 * 36) / 3, rel=1e-6)


def test_it_sees_exchanged_labels_and_the_distance_over_all_classes_does_not():
    real = SAMPLES + 10.0 * LABELS[:, None]
    exchanged = (LABELS + 1) % 3
    assert metrics.frechet_distance(real, real) == pytest.approx(0, abs=1e-6)
    found = metrics.intra_class_frechet_distance(real, LABELS, real, exchanged)
    assert found == pytest.approx((2 * 20**2 + 2 * 10**2 + 2 * 10**2) / 3, rel=0.05)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generated_labels": LABELS % 2}, "Received: 200 and 0 of class 2"),
        ({"real_labels": LABELS[:5]}, r"`real_labels` must be 600 integers.*\(5,\)"),
        ({"generated_labels": LABELS / 1}, "`generated_labels` must be .* Received: float64"),
        ({"generated": normal(600, 3)}, "same number of features"),
    ],
)
def test_a_class_without_enough_samples_and_wrong_labels_are_refused(changes, message):
    names = "real", "real_labels", "generated", "generated_labels"
    arguments = dict(zip(names, 2 * (SAMPLES, LABELS), strict=True))
    with pytest.raises(ValueError, match=message):
        metrics.intra_class_frechet_distance(**arguments | changes)
