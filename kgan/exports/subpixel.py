"""Transposed convolutions as what they are: a convolution, and its channels laid out as pixels.

A stride of s makes every input pixel s·s output pixels, each from its own share of the kernel's
taps. That is a convolution with s·s times the channels, at the input's size, followed by
`depth_to_space` (Shi et al. 2016, https://arxiv.org/abs/1609.07009). The weights are only sorted
anew, so that it is exact; no product is computed that the transposed convolution does not need,
and runtimes for phones and browsers, which are made for convolutions, take half the time.
"""

import keras
import numpy as np
import tensorflow as tf


class SubpixelConvolution(keras.layers.Layer):
    """What a strided `keras.layers.Conv2DTranspose` computes, for a network that is exported.

    Args:
        kernel: `(height, width, out, in)`, as the layer has it.
        bias: `(out,)`.
        stride: the layer's, the same in both directions.
        output_size: `(height, width)` of what it makes.
        padding: `(top, left)`: how many pixels of the whole result come before it.
        activation: the layer's, a function.
    """

    def __init__(self, kernel, bias, *, stride, output_size, padding, activation, name):
        super().__init__(name=name, dtype="float32")
        self.stride, self.output_size, self.padding = stride, output_size, padding
        self.activation = activation
        self.kernel = _sorted(kernel, stride)
        self.bias = bias

    def call(self, inputs):
        above, left = (taps - 1 for taps in self.kernel.shape[:2])
        x = tf.pad(inputs, [[0, 0], [above, above], [left, left], [0, 0]])
        x = tf.nn.depth_to_space(tf.nn.conv2d(x, self.kernel, 1, "VALID"), self.stride)
        (top, left), (height, width) = self.padding, self.output_size
        return self.activation(x[:, top : top + height, left : left + width] + self.bias)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.output_size, self.bias.shape[0])


def _sorted(kernel, stride):
    """The kernel of the convolution, `(m, m, in, stride·stride·out)`, with m = ⌈size / stride⌉.

    Of the transposed convolution, output pixel stride·u + p gets input pixel u - a through tap
    stride·a + p; a convolution's window begins with its oldest pixel, hence the reversal.
    """
    height, width, filters, channels = kernel.shape
    rows, columns = -(-height // stride), -(-width // stride)
    padded = np.zeros((rows * stride, columns * stride, filters, channels), kernel.dtype)
    padded[:height, :width] = kernel
    taps = padded.reshape(rows, stride, columns, stride, filters, channels)[::-1, :, ::-1]
    taps = taps.transpose(0, 2, 5, 1, 3, 4)
    return taps.reshape(rows, columns, channels, stride * stride * filters)


def rewritten(generator):
    """A copy of a generator in which no strided transposed convolution is left.

    A BatchNormalization that follows one is folded into it. Layers that are no plain, square,
    undilated `Conv2DTranspose` stay as they are.

    Args:
        generator: a built Functional or Sequential model in float32.
    """
    folded = {}

    def clone(layer):
        if _is_strided(layer):
            normalization = _only_consumer(layer, keras.layers.BatchNormalization)
            if normalization is not None:
                folded[normalization.name] = layer.name
            return _subpixel(layer, normalization)
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
    plain = (
        type(layer) is keras.layers.Conv2DTranspose
        and layer.strides[0] == layer.strides[1] > 1
        and set(layer.dilation_rate) == {1}
        and layer.data_format == "channels_last"
        and None not in layer.output.shape[1:]
    )
    return plain and all(fits for _, fits in _sides(layer))


def _sides(layer):
    """For height and width: how much of the whole result comes before it, and whether it is all."""
    stride = layer.strides[0]
    sizes = (layer.input.shape[1:3], layer.kernel.shape[:2], layer.output.shape[1:3])
    for inputs, taps, outputs in zip(*sizes, strict=True):
        whole = (inputs - 1) * stride + taps
        before = max(whole - outputs, 0) // 2 if layer.padding == "same" else 0
        made = (inputs - 1 + -(-taps // stride)) * stride
        yield before, before + outputs <= made


def _only_consumer(layer, kind):
    """The layer of that kind which alone is fed with the output of `layer`; else None."""
    nodes = layer._outbound_nodes
    consumer = nodes[0].operation if len(nodes) == 1 else None
    linear = layer.activation is keras.activations.linear
    return consumer if linear and isinstance(consumer, kind) and consumer.axis in (-1, 3) else None


def _subpixel(layer, normalization):
    kernel = np.asarray(layer.kernel)
    bias = np.zeros(layer.filters, "float32") if layer.bias is None else np.asarray(layer.bias)
    if normalization is not None:
        scale, shift = _scale_and_shift(normalization)
        kernel, bias = kernel * scale[:, None], bias * scale + shift
    return SubpixelConvolution(
        kernel.astype("float32"),
        bias.astype("float32"),
        stride=layer.strides[0],
        output_size=tuple(layer.output.shape[1:3]),
        padding=tuple(before for before, _ in _sides(layer)),
        activation=layer.activation,
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
