import numpy as np
import pytest
from measured import normal

from kgan import metrics


def test_copies_are_distinguished_from_new_samples():
    training, held_out, new = normal(2000, 5), normal(500, 5, seed=1), normal(500, 5, seed=2)
    honest = metrics.memorization(new, training, held_out)
    assert honest.ratio == pytest.approx(1, abs=0.1)
    assert honest.share_closer < 0.04
    copies = metrics.memorization(training[7:107] + 1e-4, training, held_out)
    assert copies.ratio < 0.01
    assert copies.share_closer == 1
    np.testing.assert_array_equal(copies.indices, np.arange(7, 107))
