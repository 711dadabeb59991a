import numpy as np
import pytest
from measured import PROBABILITIES, PUBLISHED

from kgan import metrics


def test_the_classifier_score_is_torch_fidelitys():
    found = metrics.classifier_score(PROBABILITIES, num_splits=10)
    assert found.value == pytest.approx(PUBLISHED["inception_score_mean"], rel=1e-6)
    assert found.error == pytest.approx(PUBLISHED["inception_score_std"], rel=1e-6)


def test_the_score_is_1_for_an_unsure_classifier_and_the_number_of_classes_for_a_sure_one():
    unsure = np.full((100, 4), 0.25)
    assert metrics.classifier_score(unsure).value == pytest.approx(1)
    sure = np.eye(4)[np.arange(400) % 4]
    assert metrics.classifier_score(sure).value == pytest.approx(4)
    one = np.eye(4)[np.zeros(400, int)]
    assert metrics.classifier_score(one).value == pytest.approx(1)
