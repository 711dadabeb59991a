import generators
import numpy as np
import players
import pytest
import tensorflow as tf

from kgan.exports import proof


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """A conditional GAN, and its SavedModel as TensorFlow loads it."""
    gan = players.gan(10)
    gan.class_counts.assign(np.arange(10))
    path = tmp_path_factory.mktemp("served") / "1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof, "_draw", generators.draw_here)
        gan.export(path)
    return gan, tf.saved_model.load(str(path)), path
