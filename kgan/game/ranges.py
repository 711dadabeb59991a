"""Which values a network can give: told by what it ends in, or measured.

What a network ends in is read where it is a layer or an operation that kgan knows. Anything else,
such as a Lambda or a layer of one's own, is measured: with large random weights and large inputs a
network shows the bounds of its last function, and one without bounds gives large numbers.
"""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.game import networks

__all__ = ["UNBOUNDED", "ending", "output_range"]

UNBOUNDED = (-math.inf, math.inf)

# The values of functions, by the names of Keras.
RANGES = {
    "tanh": (-1.0, 1.0),
    "scaled_tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "soft_sign": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, math.inf),
    "exponential": (0.0, math.inf),
    "exp": (0.0, math.inf),
    "square": (0.0, math.inf),
    "absolute": (0.0, math.inf),
    "abs": (0.0, math.inf),
    "elu": (-1.0, math.inf),
    "linear": UNBOUNDED,
    "leaky_relu": UNBOUNDED,
    "selu": UNBOUNDED,
}
_keras = keras.layers
# Layers that give any number where their activation does.
LINEAR = (
    _keras.Dense,
    _keras.EinsumDense,
    _keras.Conv1D,
    _keras.Conv2D,
    _keras.Conv3D,
    _keras.Conv1DTranspose,
    _keras.Conv2DTranspose,
    _keras.Conv3DTranspose,
    _keras.SeparableConv1D,
    _keras.SeparableConv2D,
    _keras.DepthwiseConv1D,
    _keras.DepthwiseConv2D,
)
# Of measuring: draws of the weights, samples each, and how much a layer makes its input larger.
DRAWS, SAMPLES, GAIN = 4, 16, 3.0
NEAR = 1e-3


def ending(network: keras.Model) -> str:
    """The name of the function that `network` ends in, or of its last layer or operation."""
    last = networks.final_operation(network)
    if type(last) is _keras.ReLU:
        return "relu" if not last.negative_slope else "leaky_relu"
    activation = getattr(last, "activation", None)
    return getattr(activation, "__name__", None) or type(last).__name__.lower()


def output_range(network: keras.Model, num_classes: int | None = None) -> tuple[float, float]:
    """The smallest and the largest value that `network` can give, perhaps infinite.

    Args:
        network: a generator or a discriminator.
        num_classes: how many classes the labels have that it takes, if it takes any.
    """
    name, last = ending(network), networks.final_operation(network)
    if name in RANGES and _is_known(last):
        return RANGES[name]
    try:
        values = _probe(network, num_classes)
    except Exception:  # A network that cannot be called like this is taken at its word.
        return UNBOUNDED
    return _bounds(values)


def _is_known(last: Any) -> bool:
    if isinstance(last, keras.Layer) and hasattr(last, "activation"):
        return type(last) in (*LINEAR, _keras.Activation)
    return type(last).__module__.startswith("keras.")


def _probe(network: keras.Model, num_classes: int | None) -> np.ndarray:
    """What the network gives with random weights, as a flat array of finite numbers."""
    random = np.random.default_rng(0)
    fixed = [variable.value for variable in network.non_trainable_variables]
    values = []
    for _ in range(DRAWS):
        shape = (SAMPLES, *network.inputs[0].shape[1:])
        inputs = [tf.constant(100 * random.standard_normal(shape), "float32")]
        if len(network.inputs) > 1:
            labels = random.integers(0, num_classes or 1, SAMPLES)
            inputs.append(tf.cast(labels, network.inputs[1].dtype))
        weights = [_random(random, variable.shape) for variable in network.trainable_variables]
        given = inputs if len(inputs) > 1 else inputs[0]
        outputs, _ = network.stateless_call(weights, fixed, given, training=False)
        values.append(np.asarray(tf.cast(outputs, "float32")).ravel())
    joined = np.concatenate(values)
    return joined[np.isfinite(joined)]


def _random(random: np.random.Generator, shape: tuple[int, ...]) -> tf.Tensor:
    fan_in = math.prod(shape[:-1]) if len(shape) > 1 else 1
    return tf.constant(random.standard_normal(shape) * GAIN / math.sqrt(fan_in), "float32")


def _bounds(values: np.ndarray) -> tuple[float, float]:
    """The bounds at which values pile up; those of [0, 1] and [-1, 1] need fewer to show."""
    if not len(values):
        return UNBOUNDED
    low, high = float(values.min()), float(values.max())
    for bottom, top in ((0.0, 1.0), (-1.0, 1.0)):
        if abs(low - bottom) < NEAR and abs(high - top) < NEAR:
            return bottom, top
    near = NEAR * (high - low)
    at_low, at_high = np.mean(values <= low + near), np.mean(values >= high - near)
    has_low = at_low >= 0.1 or (abs(low) < 1e-6 and at_low >= 0.02)
    return low if has_low else -math.inf, high if at_high >= 0.1 else math.inf
