import numpy as np

from kgan import datasets
from kgan.cli import data_of_runs


def test_an_export_does_not_read_data_that_no_features_suit():
    def load():
        raise AssertionError("It was read.")

    assert data_of_runs.reference("pictures", (64, 64, 3), load) == {}
    few = datasets.from_arrays(np.zeros((100, 8, 8, 1), bool))
    known = data_of_runs.reference("pictures", (8, 8, 1), lambda: few)
    assert known["features"] == "raw"
    assert known["reference_images"].shape == (100, 8, 8, 1)
    assert data_of_runs.reference("pictures", (12, 12, 1), lambda: few) == {}
