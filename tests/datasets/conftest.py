import pytest
import tensorflow_datasets as tfds


@pytest.fixture
def mocked():
    """TFDS with five made-up examples for each split of any data set."""
    with tfds.testing.mock_data(num_examples=5):
        yield
