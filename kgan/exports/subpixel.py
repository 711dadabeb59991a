"""Transposed convolutions as what they are: a convolution, and its channels laid out as pixels.

A stride of s makes every input pixel s·s output pixels, each from its own share of the kernel's
taps. That is a convolution with s·s times the channels, at the input's size, followed by
`depth_to_space` (Shi et al. 2016, https://arxiv.org/abs/1609.07009). The weights are only sorted
anew, so that it is exact, and LiteRT, which is made for convolutions, takes half the time.
(onnxruntime is as fast with transposed ones, and gets them: see benchmarks/export_latency.py.)
"""

import collections
import dataclasses
import inspect
import itertools

import keras
import numpy as np
import tensorflow as tf

# With fewer channels several convolutions are no faster than one.
LEAST_FILTERS = 16


def rewritten(generator, split=True):
    """A generator without strided transposed convolutions.

    A BatchNormalization and a rectifier that follow one, and nothing else, become part of it.
    Transposed convolutions of unequal strides, with dilation, or called more than once stay.

    Args:
        generator: a built Functional or Sequential model in float32.
        split: whether each output pixel of an input pixel has a convolution of its own, which is
            faster in float32 and slower in 8 bits.

    Returns:
        A function from the generator's inputs, one by one, to its samples.
    """
    network = keras.Model(generator.inputs, generator.outputs[0])
    graph = _Graph(network)
    replaced = {}
    for node in filter(_is_strided, graph.once):
        normalization, rectifier = graph.followers(node)
        replaced[node.operation] = _subpixel(node, normalization, rectifier, split)
        for follower in filter(None, (normalization, rectifier)):
            replaced[follower] = lambda inputs, **options: inputs

    def operation(original):
        return replaced.get(original) or _for_inference(original)

    def draw(*inputs):
        # Keras runs its graph with other operations than those in it for itself only.
        return network._run_through_graph(inputs, operation_fn=operation)

    return draw


class _Graph:
    """The calls that a functional model is made of, and who is fed by whom.

    Args:
        network: a Functional model. Its layers may be parts of other models too.
    """

    def __init__(self, network):
        nodes = [node for level in network._nodes_by_depth.values() for node in level]
        calls = collections.Counter(node.operation for node in nodes)
        self.once = [node for node in nodes if calls[node.operation] == 1]
        self.fed = collections.defaultdict(list)
        for node, tensor in ((n, t) for n in nodes for t in n.arguments.keras_tensors):
            self.fed[id(tensor)].append(node)
        for tensor in network.outputs:
            self.fed[id(tensor)].append(None)  # The world outside.

    def followers(self, node):
        """The BatchNormalization, and the rectifier, that a call alone feeds; None for none."""
        normalization = rectifier = None
        linear = node.operation.activation is keras.activations.linear
        follower = self._only_follower(node) if linear else None
        if follower and _is_normalization(follower.operation):
            normalization, follower = follower.operation, self._only_follower(follower)
        if follower and type(follower.operation) in (keras.layers.ReLU, keras.layers.LeakyReLU):
            rectifier = follower.operation
        return normalization, rectifier

    def _only_follower(self, node):
        fed = self.fed[id(node.outputs[0])]
        return fed[0] if len(fed) == 1 and fed[0] in self.once else None


def _is_normalization(layer):
    return type(layer) is keras.layers.BatchNormalization and layer.axis in (-1, 3)


def _for_inference(operation):
    if "training" not in inspect.signature(operation.call).parameters:
        return operation
    return lambda *inputs, **options: operation(*inputs, **options | {"training": False})


def _is_strided(node):
    layer = node.operation
    return (
        type(layer) is keras.layers.Conv2DTranspose
        and layer.strides[0] == layer.strides[1] > 1
        and set(layer.dilation_rate) == {1}
        and layer.data_format == "channels_last"
        and None not in node.outputs[0].shape[1:]
    )


def _subpixel(node, normalization, rectifier, split):
    layer = node.operation
    kernel = np.asarray(layer.kernel)
    bias = np.zeros(layer.filters, "float32") if layer.bias is None else np.asarray(layer.bias)
    if normalization is not None:
        scale, shift = _scale_and_shift(normalization)
        kernel, bias = kernel * scale[:, None], bias * scale + shift
    return SubpixelConvolution(
        kernel.astype("float32"),
        bias.astype("float32"),
        stride=layer.strides[0],
        sides=list(_sides(node, split and layer.filters >= LEAST_FILTERS)),
        rectifier=rectifier or keras.activations.linear,
        activation=layer.activation,
    )


class SubpixelConvolution:
    """What a strided `keras.layers.Conv2DTranspose` computes.

    One convolution makes all s·s output pixels of an input pixel, from a window that is large
    enough for each; or each of them has a convolution, and a window, of its own, so that nothing is
    computed that is then cut off.

    Args:
        kernel: `(height, width, out, in)`, as the layer has it.
        bias: `(out,)`.
        stride: the layer's, the same in both directions.
        sides: a `Side` for the height and one for the width.
        rectifier: a function of each number by itself, which is computed together with it.
        activation: the layer's.
    """

    def __init__(self, kernel, bias, *, stride, sides, rectifier, activation):
        self.stride, self.sides = stride, sides
        self.rectifier, self.activation = rectifier, activation
        self.bias = np.tile(bias, stride * stride)
        phases = itertools.product(*(side.phases for side in sides))
        kernel = _by_phase(kernel, stride)
        *taps, channels = kernel.shape[:3]
        self.kernels = [
            kernel[:, :, :, rows][..., columns, :].reshape(*taps, channels, -1)
            for rows, columns in phases
        ]

    def __call__(self, inputs, **options):
        rows, columns = self.sides
        x = tf.pad(inputs, [[0, 0], rows.padding, columns.padding, [0, 0]])
        places = itertools.product(rows.windows, columns.windows)
        parts = [
            tf.nn.conv2d(x[:, above:below, left:right], kernel, 1, "VALID")
            for ((above, below), (left, right)), kernel in zip(places, self.kernels, strict=True)
        ]
        x = self.rectifier((tf.concat(parts, -1) if len(parts) > 1 else parts[0]) + self.bias)
        x = tf.nn.depth_to_space(x, self.stride)
        return self.activation(x[:, rows.begin : rows.end, columns.begin : columns.end])


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


def _sides(node, split):
    """The `Side` of height and width."""
    layer, (images,) = node.operation, node.arguments.keras_tensors
    stride = layer.strides[0]
    shapes = images.shape[1:3], layer.kernel.shape[:2], node.outputs[0].shape[1:3]
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
