"""Transposed convolutions as what they are: a convolution, and its channels laid out as pixels.

A stride of s makes every input pixel s·s output pixels, each from its own share of the kernel's
taps. That is a convolution with s·s times the channels, at the input's size, followed by
`depth_to_space` (Shi et al. 2016, https://arxiv.org/abs/1609.07009). The weights are only
reordered, so the result is exact, and LiteRT, which is made for convolutions, takes half the time.
(onnxruntime is as fast with transposed ones, and gets them: see benchmarks/export_latency.py.)
"""

import collections
import dataclasses
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = ["LEAST_FILTERS", "Side", "SubpixelConvolution", "rewritten"]

# With fewer channels several convolutions are no faster than one.
LEAST_FILTERS = 16


def rewritten(generator: keras.Model, split: bool = True) -> Callable[..., Any]:
    """A generator without strided transposed convolutions.

    A BatchNormalization and a rectifier that follow one, and nothing else, become part of it.
    Transposed convolutions of unequal strides, with dilation, or called more than once stay.
    The generator and its layers are left as they are.

    Args:
        generator: a built Functional or Sequential model in float32.
        split: whether each output pixel of an input pixel has a convolution of its own, which is
            faster in float32 and slower in 8 bits.

    Returns:
        A function from the generator's inputs, one by one, to its samples.
    """
    network = keras.Model(generator.inputs, generator.outputs[0], name=generator.name)
    graph = _Graph(network)
    replaced: dict[keras.Operation, Callable[..., Any]] = {}
    for call in filter(_is_strided, graph.once):
        normalization, rectifier = graph.followers(call)
        replaced[call.operation] = _subpixel(call, normalization, rectifier, split)
        for follower in filter(None, (normalization, rectifier)):
            replaced[follower] = lambda inputs, **options: inputs

    def clone(operation: keras.Operation) -> keras.Operation:
        return _StandIn(operation, replaced.get(operation))

    drawing = keras.models.clone_model(network, clone_function=clone)

    def draw(*inputs: Any) -> Any:
        return drawing(list(inputs), training=False)

    return draw


class _StandIn(keras.Operation):
    """What a clone of a network has in the place of one of its layers or operations.

    A clone that held the layers themselves would add its own calls to what they know of their
    calls, and so never be freed; one with copies would need layers that can be copied.

    Args:
        operation: the original.
        function: what is called instead; None for the original, as it is when it does not learn.
    """

    def __init__(self, operation, function=None):
        super().__init__(name=operation.name)
        self.operation = operation
        self.function = function or _for_inference(operation)

    def call(self, *args, **options):
        return self.function(*args, **options)

    def compute_output_spec(self, *args, **options):
        return self.operation.compute_output_spec(*args, **options)


@dataclasses.dataclass(frozen=True, eq=False)
class _Call:
    """A call of a layer or operation, and the symbolic tensors that go in and come out."""

    operation: keras.Operation
    inputs: list[keras.KerasTensor]
    outputs: list[keras.KerasTensor]


class _Graph:
    """The calls that a functional model is made of, and who is fed by whom.

    Args:
        network: a Functional model. Its layers may be parts of other models too.
    """

    def __init__(self, network):
        calls = []

        def record(stand_in, *args, **options):
            outputs = stand_in(*args, **options)
            inputs = filter(keras.utils.is_keras_tensor, keras.tree.flatten((args, options)))
            calls.append(_Call(stand_in.operation, list(inputs), keras.tree.flatten(outputs)))
            return outputs

        clone = keras.models.clone_model(network, clone_function=_StandIn, call_function=record)
        times = collections.Counter(call.operation for call in calls)
        self.once = [call for call in calls if times[call.operation] == 1]
        self.fed: dict[int, list[_Call | None]] = collections.defaultdict(list)
        for call in calls:
            for tensor in call.inputs:
                self.fed[id(tensor)].append(call)
        for tensor in clone.outputs:
            self.fed[id(tensor)].append(None)  # The world outside.

    def followers(self, call):
        """The BatchNormalization, and the rectifier, that a call alone feeds; None for none."""
        normalization = rectifier = None
        linear = call.operation.activation is keras.activations.linear
        follower = self._only_follower(call) if linear else None
        if follower and _is_normalization(follower.operation):
            normalization, follower = follower.operation, self._only_follower(follower)
        if follower and type(follower.operation) in (keras.layers.ReLU, keras.layers.LeakyReLU):
            rectifier = follower.operation
        return normalization, rectifier

    def _only_follower(self, call):
        fed = self.fed[id(call.outputs[0])]
        return fed[0] if len(fed) == 1 and fed[0] in self.once else None


def _is_normalization(layer):
    return type(layer) is keras.layers.BatchNormalization and layer.axis in (-1, 3)


def _for_inference(operation):
    if "training" not in inspect.signature(operation.call).parameters:
        return operation
    return lambda *inputs, **options: operation(*inputs, **options | {"training": False})


def _is_strided(call):
    layer = call.operation
    return (
        type(layer) is keras.layers.Conv2DTranspose
        and layer.strides[0] == layer.strides[1] > 1
        and set(layer.dilation_rate) == {1}
        and layer.data_format == "channels_last"
        and None not in call.outputs[0].shape[1:]
    )


def _subpixel(call, normalization, rectifier, split):
    layer = call.operation
    kernel = np.asarray(layer.kernel)
    bias = np.zeros(layer.filters, "float32") if layer.bias is None else np.asarray(layer.bias)
    if normalization is not None:
        scale, shift = _scale_and_shift(normalization)
        kernel, bias = kernel * scale[:, None], bias * scale + shift
    return SubpixelConvolution(
        kernel.astype("float32"),
        bias.astype("float32"),
        stride=layer.strides[0],
        sides=list(_sides(call, split and layer.filters >= LEAST_FILTERS)),
        rectifier=rectifier or keras.activations.linear,
        activation=layer.activation,
    )


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

    padding: tuple[int, int]
    windows: tuple[tuple[int, int | None], ...]
    phases: tuple[slice | list[int], ...]
    begin: int
    end: int


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

    def __init__(
        self,
        kernel: np.ndarray,
        bias: np.ndarray,
        *,
        stride: int,
        sides: list[Side],
        rectifier: Callable[[Any], Any],
        activation: Callable[[Any], Any],
    ) -> None:
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

    def __call__(self, inputs: Any, **options: Any) -> Any:
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


def _sides(call: _Call, split: bool) -> Iterator[Side]:
    """The `Side` of height and width."""
    layer, (images,) = call.operation, call.inputs
    stride = layer.strides[0]
    shapes = images.shape[1:3], layer.kernel.shape[:2], call.outputs[0].shape[1:3]
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
