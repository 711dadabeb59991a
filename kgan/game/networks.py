"""What a Keras network is made of."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = [
    "can_be_rebuilt",
    "computes_in_float16",
    "describe",
    "final_operation",
    "find_num_classes",
    "first_difference",
    "has_one_end",
    "is_weight",
    "layers",
    "learning_weights",
    "losses",
    "normalizations",
    "num_classes",
    "num_weight_losses",
    "of_kind",
    "operations",
]


def operations(network: keras.Model) -> Iterator[Any]:
    """All layers and operations of a network, in order, those inside others included.

    A wrapper, such as `SpectralNormalization`, or a layer that holds layers comes before what is
    inside it. A nested network is represented by its operations alone.
    """
    seen: set[int] = set()
    for operation in _parts(network):
        yield from _within(operation, seen)


def layers(network: keras.Layer) -> list[keras.Layer]:
    """All layers of a network, or of a layer, those inside others included."""
    return [one for one in _within(network, set()) if isinstance(one, keras.Layer)]


def of_kind(networks: Iterable[keras.Layer], kind: type) -> list[Any]:
    """All layers of some networks, or layers, that are instances of `kind`."""
    return [one for network in networks for one in layers(network) if isinstance(one, kind)]


def _within(operation: Any, seen: set[int]) -> Iterator[Any]:
    if id(operation) in seen:
        return
    seen.add(id(operation))
    if isinstance(operation, keras.Model) and operation.layers:
        for part in _parts(operation):
            yield from _within(part, seen)
        return
    yield operation
    if isinstance(operation, keras.Layer):
        for value in vars(operation).values():
            for part in _layers_in(value):
                yield from _within(part, seen)


def _flat(network: keras.Model) -> list[Any]:
    """The operations of a network and of networks inside it, but not those inside layers."""
    parts: list[Any] = []
    for part in _parts(network):
        parts += _flat(part) if isinstance(part, keras.Model) and part.layers else [part]
    return parts


def _layers_in(value: Any) -> Iterator[keras.Layer]:
    if isinstance(value, keras.Layer):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _layers_in(part)
    elif isinstance(value, dict):
        yield from _layers_in(list(value.values()))


# Layers and operations that move values, select them or average them, and leave their range.
MOVING = re.compile(
    r"Flatten|Reshape|Permute|RepeatVector|Identity|Cropping\dD|UpSampling\dD|"
    r"(Global)?(Average|Max)Pooling\dD|"
    r"Transpose|Squeeze|ExpandDims|GetItem|Moveaxis|Swapaxes|Flip|Cast|Copy|Ravel|Mean"
)


def _moves(part: Any) -> bool:
    return bool(MOVING.fullmatch(type(part).__name__)) and type(part).__module__.startswith(
        "keras."
    )


def final_operation(network: keras.Model) -> Any:
    """The last operation that makes other values: what a wrapper wraps, before any reshaping."""
    last = network
    while isinstance(last, keras.Model):
        *_, last = (part for part in _parts(last) if not _moves(part))
    while isinstance(last, keras.layers.Wrapper):
        last = last.layer
    return last


def has_one_end(network: keras.Model) -> bool:
    """Whether the last part in order makes the output: not where it is called more than once."""
    *_, last = _parts(network)
    if isinstance(last, keras.Model):
        return has_one_end(last)
    return last.output is network.outputs[0]  # Keras gives the output of the first call.


def num_classes(network: keras.Model) -> int | None:
    """The number of classes of the labels that `network` takes; None where it takes none.

    Raises:
        ValueError: if it takes labels, and no layer says how many classes there are.
    """
    if len(network.inputs) < 2:
        return None
    found = find_num_classes(network)
    if found is None:
        raise ValueError(
            f"The second input of the {network.name} must be integer labels, `keras.Input((), "
            'dtype="int32", name="labels")`, fed into keras.layers.Embedding, '
            "keras.layers.CategoryEncoding or keras.ops.one_hot, which say how many classes there "
            "are. None of these was found: pass `num_classes`."
        )
    return found


def find_num_classes(network: keras.Model) -> int | None:
    """The number of classes that the layers of `network` reveal; None if none does.

    It is read from the first `Embedding`, `CategoryEncoding` or `ops.one_hot`, or what has the same
    attributes; layers inside others are looked at last.
    """
    for operation in [*_flat(network), *operations(network)]:
        for attribute in ("input_dim", "num_tokens", "num_classes"):
            if isinstance(getattr(operation, attribute, None), int):
                return getattr(operation, attribute)
    return None


def is_weight(variable: keras.Variable, network: keras.Model) -> bool:
    """Whether a variable of `network` is a weight, not the state of a `SeedGenerator`."""
    return any(variable is weight for weight in network.weights)


def can_be_rebuilt(layer: keras.Layer) -> bool:
    """Whether Keras makes a layer again from its `get_config`, as it does to copy or load it."""
    try:
        type(layer).from_config(layer.get_config())
    except Exception:  # Keras raises whatever it trips over.
        return False
    return True


def computes_in_float16(network: keras.Model) -> bool:
    """Whether any layer of `network` computes in float16, whose gradients underflow."""
    return any(layer.compute_dtype == "float16" for layer in layers(network))


def losses(network: keras.Model) -> list[Any]:
    """What the layers of `network` add to its objective after a call, scalars: mostly none."""
    return [tf.cast(loss, "float32") for loss in network.losses]


def learning_weights(*players: keras.Model) -> list[list[int]]:
    """Which weights each player learns, as the ids of its variables."""
    return [[id(weight) for weight in player.trainable_weights] for player in players]


def num_weight_losses(network: keras.Model) -> int:
    """How many of the `losses` of `network` are of weight regularizers: the last ones.

    Keras lists the losses of calls first, then one for each regularized weight.
    """
    return sum(weight.regularizer is not None for weight in network.trainable_weights)


def normalizations(network: keras.Model) -> list[keras.layers.BatchNormalization]:
    """The layers of `network` that mix the samples of a batch."""
    return of_kind([network], keras.layers.BatchNormalization)


def describe(layer: Any) -> str:
    """How errors name a layer or operation."""
    if layer is None:
        return "a layer"
    inside = " or a layer inside it" if isinstance(layer, keras.Model) else ""
    return f"layer '{layer.name}' ({type(layer).__name__}){inside}"


def first_difference(
    network: keras.Model,
    other: keras.Model,
    inputs: Any,
    agree: Callable[[np.ndarray, np.ndarray], bool],
) -> Any:
    """The first operation of `network` whose output `other`, of the same structure, does not have.

    Args:
        network, other: two Functional or Sequential models.
        inputs: what both are given.
        agree: whether two arrays count as equal.
    """
    pairs = zip(_parts(network), _parts(other), strict=True)
    for mine, theirs in pairs:
        try:
            outputs = [
                np.asarray(keras.Model(model.inputs, part.output)(inputs, training=False))
                for model, part in ((network, mine), (other, theirs))
            ]
        except Exception:  # Of a part that is called more than once, or that is a model itself.
            continue
        if not agree(*(output.astype("float32") for output in outputs)):
            return mine
    return None


def _parts(network: keras.Model) -> list[Any]:
    """The layers and operations of a model, in order, without its inputs."""
    parts = getattr(network, "operations", None) or network.layers
    return [part for part in parts if not isinstance(part, keras.layers.InputLayer)]
