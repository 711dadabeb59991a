"""Transposed convolutions as what they are: a convolution, and its channels laid out as pixels.

A stride of s makes every input pixel s·s output pixels, each from its own share of the kernel's
taps. That is a convolution with s·s times the channels, at the input's size, followed by
`depth_to_space` (Shi et al. 2016, https://arxiv.org/abs/1609.07009). The weights are only sorted
anew, so that it is exact, and LiteRT, which is made for convolutions, takes half the time.
(onnxruntime is as fast with transposed ones, and gets them: see benchmarks/export_latency.py.)
"""

import dataclasses
import itertools

import keras
import numpy as np
import tensorflow as tf

# With fewer channels several convolutions are no faster than one.
LEAST_FILTERS = 16


class SubpixelConvolution(keras.layers.Layer):
    """What a strided `keras.layers.Conv2DTranspose` computes, for a network that is exported.

    One convolution makes all s·s output pixels of an input pixel, from a window that is large
    enough for each; or each of them has a convolution, and a window, of its own, so that nothing is
    computed that is then cut off.

    Args:
        kernel: `(height, width, out, in)`, as the layer has it.
        bias: `(out,)`.
        stride: the layer's, the same in both directions.
        sides: a `Side` for the height and one for the width.
        activation: a function of each number by itself.
    """

    def __init__(self, kernel, bias, *, stride, sides, activation, name):
        super().__init__(name=name, dtype="float32")
        self.stride, self.sides, self.activation = stride, sides, activation
        self.filters = len(bias)
        self.bias = np.tile(bias, stride * stride)
        phases = itertools.product(*(side.phases for side in sides))
        kernel = _by_phase(kernel, stride)
        *taps, channels = kernel.shape[:3]
        self.kernels = [
            kernel[:, :, :, rows][..., columns, :].reshape(*taps, channels, -1)
            for rows, columns in phases
        ]

    def call(self, inputs):
        rows, columns = self.sides
        x = tf.pad(inputs, [[0, 0], rows.padding, columns.padding, [0, 0]])
        places = itertools.product(rows.windows, columns.windows)
        parts = [
            tf.nn.conv2d(x[:, above:below, left:right], kernel, 1, "VALID")
            for ((above, below), (left, right)), kernel in zip(places, self.kernels, strict=True)
        ]
        x = self.activation((tf.concat(parts, -1) if len(parts) > 1 else parts[0]) + self.bias)
        x = tf.nn.depth_to_space(x, self.stride)
        return x[:, rows.begin : rows.end, columns.begin : columns.end]

    def compute_output_shape(self, input_shape):
        sizes = (side.end - side.begin for side in self.sides)
        return (input_shape[0], *sizes, self.filters)


@dataclasses.dataclass(frozen=True)
class Side:
    """How one side of the image comes about.

    Args:
        padding: how many zeros go before and after the input.
        windows: for each convolution, which part of that it sees: its begin and end.
        phases: for each convolution, a slice or list: which of an input pixel's output pixels it
            makes.
        begin, end: which of all pixels that are made are the output.
    """

    padding: tuple
    windows: tuple
    phases: tuple
    begin: int
    end: int


def _by_phase(kernel, stride):
    """The kernel of the convolution, `(m, m, in, stride, stride, out)`, with m = ⌈size / stride⌉.

    Of the transposed convolution, output pixel stride·u + p gets input pixel u - a through tap
    stride·a + p; a convolution's window begins with its oldest pixel, hence the reversal.
    """
    height, width, filters, channels = kernel.shape
    rows, columns = -(-height // stride), -(-width // stride)
    padded = np.zeros((rows * stride, columns * stride, filters, channels), kernel.dtype)
    padded[:height, :width] = kernel
    taps = padded.reshape(rows, stride, columns, stride, filters, channels)[::-1, :, ::-1]
    return taps.transpose(0, 2, 5, 1, 3, 4)


def rewritten(generator, split=True):
    """A copy of a generator in which no strided transposed convolution is left.

    A BatchNormalization and a rectifier that follow one are folded into it. Transposed convolutions
    of unequal strides, or with dilation, stay as they are.

    Args:
        generator: a built Functional or Sequential model in float32.
        split: whether each output pixel of an input pixel has a convolution of its own. In float32
            that is a sixth faster; in 8 bits it takes twice as long.
    """
    folded = set()

    def clone(layer):
        if _is_strided(layer):
            normalization, activation = _followers(layer)
            folded.update(part.name for part in (normalization, activation) if part is not None)
            return _subpixel(layer, normalization, activation or layer.activation, split)
        if layer.name in folded:
            return keras.layers.Identity(name=layer.name, dtype="float32")
        return layer.__class__.from_config(layer.get_config())

    def call(layer, *inputs, mask=None, **options):  # None of these networks masks anything.
        return layer(*inputs, **options)

    if not any(map(_is_strided, generator.layers)):
        return generator
    functional = keras.Model(generator.inputs, generator.outputs[0])
    copy = keras.models.clone_model(functional, clone_function=clone, call_function=call)
    for layer in copy.layers:
        if layer.weights:
            layer.set_weights(generator.get_layer(layer.name).get_weights())
    return copy


def _is_strided(layer):
    return (
        type(layer) is keras.layers.Conv2DTranspose
        and layer.strides[0] == layer.strides[1] > 1
        and set(layer.dilation_rate) == {1}
        and layer.data_format == "channels_last"
        and None not in layer.output.shape[1:]
    )


def _sides(layer, split):
    """The `Side` of height and width."""
    stride = layer.strides[0]
    shapes = layer.input.shape[1:3], layer.kernel.shape[:2], layer.output.shape[1:3]
    for inputs, taps, outputs in zip(*shapes, strict=True):
        whole = (inputs - 1) * stride + taps
        before = max(whole - outputs, 0) // 2 if layer.padding == "same" else 0
        yield (_split if split else _side)(inputs, -(-taps // stride), outputs, stride, before)


def _side(inputs, window, outputs, stride, before):
    """One convolution: of the places in which it could stand, from the first to the last needed."""
    first = min(before // stride, window - 1)
    last = max((before + outputs - 1) // stride, inputs - 1)
    padding = (window - 1 - first, last - inputs + 1)
    begin = before - first * stride
    return Side(padding, ((0, None),), (slice(None),), begin, begin + outputs)


def _split(inputs, window, outputs, stride, before):
    """A convolution for each phase, in as many places as there are pixels to make."""
    places = -(-outputs // stride)
    firsts = [(before + i) // stride - window + 1 for i in range(stride)]
    above = max(0, -firsts[0])
    below = max(0, firsts[-1] + places + window - 1 - inputs)
    windows = tuple((above + first, above + first + places + window - 1) for first in firsts)
    phases = tuple([(before + i) % stride] for i in range(stride))
    return Side((above, below), windows, phases, 0, outputs)


def _followers(layer):
    """The BatchNormalization and the rectifier that follow a layer and nobody else; or None."""
    normalization = activation = None
    follower = _only_consumer(layer)
    if isinstance(follower, keras.layers.BatchNormalization) and follower.axis in (-1, 3):
        normalization, follower = follower, _only_consumer(follower)
    if isinstance(follower, keras.layers.ReLU | keras.layers.LeakyReLU):
        activation = follower
    return (normalization, activation) if _is_linear(layer) else (None, None)


def _is_linear(layer):
    return layer.activation is keras.activations.linear


def _only_consumer(layer):
    nodes = layer._outbound_nodes
    return nodes[0].operation if len(nodes) == 1 else None


def _subpixel(layer, normalization, activation, split):
    kernel = np.asarray(layer.kernel)
    bias = np.zeros(layer.filters, "float32") if layer.bias is None else np.asarray(layer.bias)
    if normalization is not None:
        scale, shift = _scale_and_shift(normalization)
        kernel, bias = kernel * scale[:, None], bias * scale + shift
    return SubpixelConvolution(
        kernel.astype("float32"),
        bias.astype("float32"),
        stride=layer.strides[0],
        sides=list(_sides(layer, split and layer.filters >= LEAST_FILTERS)),
        activation=activation,
        name=layer.name,
    )


def _scale_and_shift(normalization):
    """What a BatchNormalization does to each channel when it does not learn."""
    mean, variance = (
        np.asarray(part, "float64")
        for part in (normalization.moving_mean, normalization.moving_variance)
    )
    scale = 1 / np.sqrt(variance + normalization.epsilon)
    if normalization.scale:
        scale *= np.asarray(normalization.gamma)
    shift = -mean * scale
    if normalization.center:
        shift += np.asarray(normalization.beta)
    return scale, shift
