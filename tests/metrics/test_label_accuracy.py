import numpy as np
import pytest

from kgan import metrics


def test_label_accuracy_is_the_share_of_correct_classes():
    found = metrics.label_accuracy([0, 1, 2, 3], [0, 1, 2, 0])
    assert found.value == 0.75
    assert found.error == pytest.approx(np.sqrt(0.75 * 0.25 / 4))
    with pytest.raises(ValueError, match="must be as many labels"):
        metrics.label_accuracy([0, 1], [0])
