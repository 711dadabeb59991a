"""Feature networks whose weights are downloaded."""

import os
import pathlib

import keras
import tensorflow as tf

from kgan.features.extractor import Extractor
from kgan.features.networks import in_float32

__all__ = ["SIDE", "has_inception_v3", "inception_v3"]

SIDE = 299


def inception_v3() -> Extractor:
    """Inception-v3 of `keras.applications`: 2,048 features, and logits of ImageNet's 1,000 classes.

    Images of any size are scaled to 299×299 (bilinear, antialiased), grey ones become coloured.
    This is the architecture of Szegedy et al. 2015 (https://arxiv.org/abs/1512.00567) with the
    weights of Keras. It is *not* the graph of 2015 with which the FID and the inception score of
    papers are measured: numbers compare with each other, not with those. That graph is on
    TensorFlow Hub (https://tfhub.dev/tensorflow/tfgan/eval/inception/1); where `graph` is what
    `hub.load` gives for it, and `images` are scaled as it wants them, its features are

        kgan.features.Extractor("fid", lambda images: graph(images)["pool_3"])

    Returns:
        An `Extractor`, called `"inception_v3"`.

    Raises:
        ConnectionError: if the weights, about 96 MB, are not on this disk, and cannot be fetched.
    """
    try:
        with in_float32():
            whole = keras.applications.InceptionV3(classifier_activation=None)
    except Exception as error:  # urllib's, or Keras's own, which wraps it in a bare Exception.
        raise ConnectionError(
            "The weights of Inception-v3 are not on this disk, and could not be fetched: "
            f"{type(error).__name__}: {error}\nWithout a network these features work: 'mnist' and "
            "'fashion_mnist' (28×28 grey), 'digits' (8×8 grey), 'raw' (any samples), or a "
            "network of your own."
        ) from error
    answers = {"features": whole.get_layer("avg_pool").output, "logits": whole.output}
    network = keras.Model(whole.inputs, answers, name="inception_v3")
    network.trainable = False

    def look(images):
        if images.shape[-1] not in (1, 3):
            raise ValueError(
                "Inception-v3 looks at images of 1 or 3 channels. "
                f"Received: {images.shape[-1]} channels."
            )
        images = images if images.shape[-1] == 3 else tf.image.grayscale_to_rgb(images)
        return network(_scaled(images), training=False)

    return Extractor("inception_v3", look, (None, None, None))


def has_inception_v3() -> bool:
    """Whether the weights of Inception-v3 need no download."""
    home = os.environ.get("KERAS_HOME", pathlib.Path.home() / ".keras")
    return any(pathlib.Path(home).glob("models/inception_v3_weights_tf_dim_ordering_tf_kernels.h5"))


def _scaled(images):
    """The images in 299×299; as `tf.image.resize` does it, which XLA cannot compile."""
    height, width = (_interpolation(size) for size in images.shape[1:3])
    return tf.einsum("ih,bhwc,jw->bijc", height, images, width)


def _interpolation(size):
    """The matrix `(299, size)` that scales one axis."""
    with tf.init_scope():
        columns = tf.eye(size)[..., None]
        return tf.image.resize(columns, (SIDE, size), antialias=True)[..., 0].numpy()
