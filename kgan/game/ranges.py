"""Which values a network can give: told by what it ends in, or measured.

What a network ends in is read where it is a layer or an operation that kgan knows. Anything else,
such as a Lambda or a custom layer, is measured: with large random weights and large inputs a
network shows the bounds of its last function, and one without bounds gives large numbers.
"""

import math
import weakref
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
# Of measuring: draws of the weights, and samples each; how many draws must reach a bound, and how
# closely, as a share of the range; how much a layer makes its input larger: the second is for
# networks so deep that the first gives infinite values.
DRAWS, SAMPLES = 8, 16
AGREE, NEAR = 3, 1e-4
GAINS = (30.0, 3.0)


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
    if networks.has_one_end(network):
        name, last = ending(network), networks.final_operation(network)
        if name in RANGES and _is_known(last):
            return RANGES[name]
    if network not in _MEASURED:
        try:
            _MEASURED[network] = _measure(network, num_classes)
        except Exception:  # A network that cannot be called like this is taken at its word.
            _MEASURED[network] = UNBOUNDED
    return _MEASURED[network]


# What was measured of a network is true of it with any weights, and measured once.
_MEASURED: weakref.WeakKeyDictionary[keras.Model, tuple[float, float]] = weakref.WeakKeyDictionary()


def _is_known(last: Any) -> bool:
    if isinstance(last, keras.Layer) and hasattr(last, "activation"):
        return type(last) in (*LINEAR, _keras.Activation)
    return type(last).__module__.startswith("keras.")


def _measure(network: keras.Model, num_classes: int | None) -> tuple[float, float]:
    for gain in GAINS:
        draws = _probe(network, num_classes, gain)
        if len(draws) == DRAWS:
            return _bounds(draws)
    return UNBOUNDED


def _probe(network: keras.Model, num_classes: int | None, gain: float) -> list[np.ndarray]:
    """What the network gives with each draw of random weights, as flat arrays, if it is finite."""
    random = np.random.default_rng(0)
    fixed = [variable.value for variable in network.non_trainable_variables]
    values = []
    for draw in range(DRAWS):
        shape = (SAMPLES, *network.inputs[0].shape[1:])
        inputs = [tf.constant(100 * random.standard_normal(shape), "float32")]
        if len(network.inputs) > 1:
            labels = random.integers(0, num_classes or 1, SAMPLES)
            inputs.append(tf.cast(labels, network.inputs[1].dtype))
        weights = [
            _random(variable.shape, (draw, place), gain)
            for place, variable in enumerate(network.trainable_variables)
        ]
        given = inputs if len(inputs) > 1 else inputs[0]
        outputs, _ = network.stateless_call(weights, fixed, given, training=False)
        values.append(np.asarray(tf.cast(outputs, "float32")).ravel())
    return [each for each in values if len(each) and np.isfinite(each).all()]


def _random(shape: tuple[int, ...], seed: tuple[int, int], gain: float) -> tf.Tensor:
    fan_in = math.prod(shape[:-1]) if len(shape) > 1 else 1
    return tf.random.stateless_normal(shape, seed, stddev=gain / math.sqrt(fan_in))


def _bounds(draws: list[np.ndarray]) -> tuple[float, float]:
    """The bounds that several draws reach: other weights move any value that is not one."""
    lows, highs = sorted(float(v.min()) for v in draws), sorted(float(v.max()) for v in draws)
    near = NEAR * (highs[-1] - lows[0])
    if not near:  # It gives one value alone, of which nothing can be told.
        return UNBOUNDED
    has_low = lows[AGREE - 1] - lows[0] <= near
    has_high = highs[-1] - highs[-AGREE] <= near
    return lows[0] if has_low else -math.inf, highs[-1] if has_high else math.inf
