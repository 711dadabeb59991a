"""Which values networks can give, by what they end in and by what they do."""

import math

import keras
import players
import pytest
from keras import layers, ops

import kgan
from kgan.game import ranges


def network(*last, units=12):
    """A network with a hidden layer, and these layers and operations at its end."""
    inputs = keras.Input((6,))
    x = layers.Dense(units)(layers.Dense(8, activation="relu")(inputs))
    for one in last:
        x = one(x)
    return keras.Model(inputs, x)


@keras.saving.register_keras_serializable("tests")
class Squash(layers.Layer):
    """A custom layer with a tanh and a gain."""

    def __init__(self, gain=1.0, **kwargs):
        super().__init__(**kwargs)
        self.gain = gain

    def call(self, inputs):
        return self.gain * ops.tanh(inputs)


INFINITE = math.inf
ENDS = {
    "nothing": ([], ranges.UNBOUNDED),
    "tanh": ([layers.Activation("tanh")], (-1, 1)),
    "tanh, reshaped": ([layers.Activation("tanh"), layers.Reshape((3, 4))], (-1, 1)),
    "tanh, cropped": (
        [layers.Activation("tanh"), layers.Reshape((6, 2)), layers.Cropping1D(1)],
        (-1, 1),
    ),
    "ops.tanh": ([ops.tanh], (-1, 1)),
    "ops.tanh, ops.reshape": ([ops.tanh, lambda x: ops.reshape(x, (-1, 3, 4))], (-1, 1)),
    "ops.tanh, ops.transpose": (
        [ops.tanh, layers.Reshape((3, 4)), lambda x: ops.transpose(x, (0, 2, 1))],
        (-1, 1),
    ),
    "a custom tanh": ([Squash()], (-1, 1)),
    "a custom tanh, with a gain": ([Squash(3.0)], (-3, 3)),
    "a custom tanh, reshaped": ([Squash(), layers.Reshape((3, 4))], (-1, 1)),
    "an operation on a tanh": ([ops.tanh, lambda x: 0.5 * x + 0.5], (0, 1)),
    "sigmoid": ([layers.Activation("sigmoid")], (0, 1)),
    "ops.sigmoid": ([ops.sigmoid], (0, 1)),
    "a Lambda with a sigmoid": ([layers.Lambda(ops.sigmoid)], (0, 1)),
    "a Lambda with a softmax": ([layers.Lambda(ops.softmax)], (0, 1)),
    "softmax": ([layers.Softmax()], (0, 1)),
    "relu": ([layers.ReLU()], (0, INFINITE)),
    "a Lambda with a relu": ([layers.Lambda(ops.relu)], (0, INFINITE)),
    "a Lambda with clipping": ([layers.Lambda(lambda x: ops.clip(x, -2, 5))], (-2, 5)),
    "leaky ReLU": ([layers.LeakyReLU(0.2)], ranges.UNBOUNDED),
    "ReLU with a slope": ([layers.ReLU(negative_slope=0.2)], ranges.UNBOUNDED),
    "a Lambda without bounds": ([layers.Lambda(lambda x: 2 * x)], ranges.UNBOUNDED),
    "layer normalization": ([layers.LayerNormalization()], ranges.UNBOUNDED),
    "batch normalization": ([layers.BatchNormalization()], ranges.UNBOUNDED),
    "spectral normalization": ([layers.SpectralNormalization(layers.Dense(3))], ranges.UNBOUNDED),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_range_of_a_network_is_found_however_it_is_written(name):
    last, expected = ENDS[name]
    assert ranges.output_range(network(*last)) == pytest.approx(expected, abs=0.02)


@keras.saving.register_keras_serializable("tests")
class Scaled(layers.Layer):
    """A dense layer whose kernel is scaled when it is used, as with an equalized learning rate."""

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], 1))

    def call(self, inputs):
        return inputs @ (0.1 * self.kernel)


class MyDense(layers.Dense):
    """What is not kgan's to know."""


SATURATED = {
    "tanh, then scaled": ((1,), [layers.Dense(8, "tanh"), layers.Dense(1), layers.Rescaling(2.0)]),
    "two of tanh": ((1,), [layers.Dense(16, "tanh"), layers.Dense(1), layers.PReLU()]),
    "sigmoid": ((2,), [layers.Dense(4, "sigmoid"), layers.Dense(4, "sigmoid"), Scaled()]),
    "GRU": ((6, 1), [layers.GRU(4), MyDense(1)]),
    "LSTM": ((6, 1), [layers.LSTM(4), layers.Dense(1), layers.Rescaling(2.0)]),
    "batch normalization": (
        (1,),
        [layers.Dense(8, "tanh"), layers.Dense(1), layers.BatchNormalization()],
    ),
    "a scale that learns": ((3,), [layers.Dense(4, "tanh"), layers.UnitNormalization(), Scaled()]),
}


@pytest.mark.parametrize("name", SATURATED)
def test_hidden_units_that_saturate_are_no_bounds(name):
    shape, parts = SATURATED[name]
    assert ranges.output_range(keras.Sequential([keras.Input(shape), *parts])) == ranges.UNBOUNDED


def test_a_last_layer_that_is_used_twice_misleads_nobody():
    inputs = keras.Input((3,))
    add = layers.Add()
    y = add([layers.Dense(1)(inputs), layers.Dense(1)(inputs)])
    free = keras.Model(inputs, add([layers.Dense(1)(y), layers.Dense(1, activation="tanh")(y)]))
    assert ranges.output_range(free) == ranges.UNBOUNDED
    sigmoid = layers.Activation("sigmoid")
    bound = keras.Model(inputs, sigmoid(layers.Dense(1)(sigmoid(layers.Dense(8)(inputs)))))
    assert ranges.output_range(bound) == pytest.approx((0, 1), abs=0.01)


@pytest.mark.parametrize("units", [1, 2, 30])
@pytest.mark.parametrize("name", ["a Lambda with a sigmoid", "a Lambda without bounds"])
def test_a_range_is_found_whatever_the_number_of_outputs(name, units):
    last, expected = ENDS[name]
    assert ranges.output_range(network(*last, units=units)) == pytest.approx(expected, abs=0.02)


def test_measuring_a_network_leaves_it_as_it_is():
    measured = network(layers.BatchNormalization(), layers.Lambda(ops.sigmoid))
    before = measured.get_weights()
    ranges.output_range(measured)
    assert all((a == b).all() for a, b in zip(before, measured.get_weights(), strict=True))


@pytest.mark.parametrize("build", [kgan.architectures.mlp, kgan.architectures.dcgan])
@pytest.mark.parametrize("num_classes", [None, 3])
def test_the_players_of_kgan_have_the_ranges_that_they_are_made_for(build, num_classes):
    generator, discriminator = players.networks(num_classes, build)
    assert ranges.output_range(generator, num_classes) == (-1, 1)
    assert ranges.output_range(discriminator, num_classes) == ranges.UNBOUNDED
