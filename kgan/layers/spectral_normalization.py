"""Spectral normalization with its gradient, and with one power iteration per update."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
from keras import layers, ops

__all__ = ["SpectralNormalization"]

# Steps of the power iteration when a layer is built.
FIRST_ITERATIONS = 10

_CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
_TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
_DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)


@keras.saving.register_keras_serializable("kgan")
class SpectralNormalization(keras.layers.Wrapper):
    """Divides the kernels of a layer by their largest singular values.

        W / σ(W),  σ(W) = uᵀ W v,  v ← Wᵀu / |Wᵀu|,  u ← W v / |W v|

    Use it around each layer of a discriminator, to bound how steep D is: Miyato et al. 2018,
    https://arxiv.org/abs/1802.05957, Algorithm 1. The gradient flows through σ, with u and v held
    constant (section 2.3); in `keras.layers.SpectralNormalization` it does not.

    W has one row per output channel and one column per input of a pixel's patch, as in the paper. A
    convolution with groups, such as a depthwise one, has a W with zeros outside of one block per
    group, and the largest singular value of any block is that of W. Every trainable weight with
    two or more dimensions is a kernel, unless it is a bias; in layers that Keras does not know, its
    last axis counts the outputs. A regularizer of the layer sees W itself.

    u and v move by one step of the power iteration per update of D, and not when D is called: all
    answers of D within an update are those of one network. `kgan.GAN` calls `begin_update` for
    that. Until someone does, as in a plain `fit`, each call with `training=True` is an update. The
    paper starts from a random u. Here ten steps follow when the layer is built: for a new kernel σ
    is up to a third too small after one step, which makes D too steep, and 5 % after ten.

    Args:
        layer: any Keras layer with a kernel. It keeps its dtype; σ is computed in float32.
        seed: of the first u, an integer. `None`: follows `keras.utils.set_random_seed`.

    Input and output: those of `layer`.

    Raises:
        ValueError: when it is built, if the layer has no kernel.

    Example:

    >>> layer = kgan.layers.SpectralNormalization(keras.layers.Conv2D(8, 3), seed=0)
    >>> layer(keras.random.normal((2, 6, 6, 3))).shape
    TensorShape([2, 4, 4, 8])
    """

    def __init__(self, layer: keras.Layer, seed: int | None = None, **kwargs: Any) -> None:
        # In a lower precision Keras would round the kernels before σ is computed.
        kwargs |= {"autocast": False, "dtype": getattr(layer, "variable_dtype", None)}
        super().__init__(layer, **kwargs)
        self.seed = seed
        self._moves_in_calls = True
        self._kernels: tuple[_Kernel, ...] = ()

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        learns, self.layer.trainable = self.layer.trainable, True  # A frozen kernel is one too.
        self._kernels = tuple(self._kernel(*pair) for pair in _owned_kernels(self.layer))
        self.layer.trainable = learns
        if not self._kernels:
            raise ValueError(
                "`layer` must have a kernel, a trainable weight with at least two dimensions. "
                f"Received: layer '{self.layer.name}' ({type(self.layer).__name__}), with weights "
                f"of the shapes {[tuple(weight.shape) for weight in self.layer.weights]}. A layer "
                "without a `build` method gets its weights when it is first called: call it before "
                "it is wrapped."
            )

    def _kernel(self, weight: keras.Variable, owner: keras.Layer) -> "_Kernel":
        layout = _layout(weight, owner)
        draw = keras.initializers.RandomNormal(seed=self.seed)

        # Not assigned: within another layer Keras may build where that is undone.
        def first_u(shape: Any, dtype: Any = None) -> Any:
            u, matrices = draw(shape), ops.stop_gradient(_matrices(weight, layout))
            for _ in range(FIRST_ITERATIONS):
                u = _unit(_times(_times_transposed(u, matrices), matrices), otherwise=u)
            return _unit(u, otherwise=u)

        def first_v(shape: Any, dtype: Any = None) -> Any:
            matrices = ops.stop_gradient(_matrices(weight, layout))
            return _unit(_times_transposed(u, matrices), otherwise=0.0)

        u = self._vector("u", (layout.groups, layout.outputs), first_u)
        v = self._vector("v", (layout.groups, layout.inputs), first_v)
        return _Kernel(weight, layout, u, v)

    def _vector(self, name: str, shape: tuple[int, int], initializer: Any) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            dtype="float32",
            trainable=False,
            aggregation="only_first_replica",  # All compute the same.
        )

    def begin_update(self) -> None:
        """Makes a step of the power iteration; from then on, calls make none."""
        self._moves_in_calls = False
        self._move()

    def _move(self) -> None:
        for kernel in self._kernels:
            kernel.move()

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if training and self._moves_in_calls:
            self._move()
        normalized = {id(kernel.weight): kernel.normalized() for kernel in self._kernels}
        variables = self.layer.variables
        # All, since within this scope those of a scope around it are not seen.
        values = [(one, normalized.get(id(one), one.value)) for one in variables]
        with keras.StatelessScope(values, collect_losses=True) as scope:
            before = [scope.get_current_value(one) for one in variables]
            outputs = self.layer(inputs)
        for variable, value in zip(variables, before, strict=True):
            after = scope.get_current_value(variable)
            if after is not value:  # A statistic or the state of a random generator.
                variable.assign(after)
        for loss in scope.losses:
            self.add_loss(loss)
        return outputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.layer.compute_output_shape(input_shape)

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        return self.layer.compute_output_spec(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


class _Layout(NamedTuple):
    """Which numbers of a weight are in the same row or column.

    Args:
        groups: how many blocks of outputs have inputs of their own.
        inputs, outputs: of each block.
        is_transposed: whether the weight has its inputs last, and before them its outputs.
    """

    groups: int
    inputs: int
    outputs: int
    is_transposed: bool


@dataclasses.dataclass(frozen=True, eq=False)
class _Kernel:
    """A kernel, and the singular vectors of each of its blocks.

    Args:
        weight: the kernel.
        layout: of its blocks.
        u: float32 `(groups, outputs)`.
        v: float32 `(groups, inputs)`.
    """

    weight: keras.Variable
    layout: _Layout
    u: keras.Variable
    v: keras.Variable

    def move(self) -> None:
        """Makes a step of the power iteration."""
        matrices = ops.stop_gradient(_matrices(self.weight, self.layout))
        v = _unit(_times_transposed(self.u, matrices), otherwise=self.v)
        self.u.assign(_unit(_times(v, matrices), otherwise=self.u))
        self.v.assign(v)

    def normalized(self) -> Any:
        """The kernel divided by its largest singular value; one of zeros stays as it is."""
        images = _times(self.v, _matrices(self.weight, self.layout))
        sigma = ops.max(ops.sum(images * self.u, axis=-1))
        return self.weight / ops.where(ops.equal(sigma, 0), 1.0, sigma)


def _matrices(weight: keras.Variable, layout: _Layout) -> Any:
    """The transposed blocks of W, float32 `(groups, inputs, outputs)`."""
    value = ops.cast(weight, "float32")
    if layout.is_transposed:
        value = ops.swapaxes(value, -1, -2)
    return ops.transpose(ops.reshape(value, (-1, layout.groups, layout.outputs)), (1, 0, 2))


def _times(v: Any, matrices: Any) -> Any:
    """W v of each block, `(groups, outputs)`."""
    return ops.matmul(ops.expand_dims(v, 1), matrices)[:, 0]


def _times_transposed(u: Any, matrices: Any) -> Any:
    """Wᵀu of each block, `(groups, inputs)`."""
    return ops.matmul(matrices, ops.expand_dims(u, -1))[..., 0]


def _unit(vectors: Any, otherwise: Any) -> Any:
    """Each vector divided by its length; `otherwise` where that is zero: of a kernel of zeros."""
    lengths = ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True))
    return ops.where(lengths > 0, ops.divide_no_nan(vectors, lengths), otherwise)


def _layout(weight: keras.Variable, owner: keras.Layer) -> _Layout:
    size, shape = math.prod(weight.shape), weight.shape
    is_transposed = isinstance(owner, _TRANSPOSED)
    outputs, groups = shape[-2] if is_transposed else shape[-1], 1
    if isinstance(owner, _CONVOLUTIONS):
        groups = owner.groups
    if isinstance(owner, _DEPTHWISE) or getattr(owner, "depthwise_kernel", None) is weight:
        groups, outputs = shape[-2], shape[-2] * shape[-1]
    return _Layout(groups, size // outputs, outputs // groups, is_transposed)


def _owned_kernels(layer: keras.Layer) -> list[tuple[keras.Variable, keras.Layer]]:
    """The kernels in a layer, each with the layer, it or one inside it, that they belong to."""
    owners = {id(weight): part for part in _within(layer, set()) for weight in part.weights}
    return [
        (weight, owners[id(weight)])
        for weight in layer.weights
        if weight.trainable and len(weight.shape) > 1 and weight.name != "bias"
    ]


def _within(layer: keras.Layer, seen: set[int]) -> Iterator[keras.Layer]:
    """A layer, and after it those inside of it."""
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield layer
    for value in vars(layer).values():
        parts = list(value.values()) if isinstance(value, dict) else value
        for part in parts if isinstance(parts, list | tuple) else [parts]:
            if isinstance(part, keras.Layer):
                yield from _within(part, seen)
