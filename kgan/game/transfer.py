"""Fine-tuning: what a network takes over from another, and what of it then does not learn."""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from kgan.game import networks
from kgan.layers import ConditionalBatchNormalization
from kgan.protocols import MovesPerUpdate

__all__ = ["blocks", "freeze", "transfer"]

# The power iteration has then converged for a kernel with equal rows.
NUM_ITERATIONS = 10


def transfer(source: keras.Model, target: keras.Model) -> list[str]:
    """Gives `target` the weights of `source`, whose labels may have other classes.

    Use it to start from a trained network with other data. Both are of one architecture; either may
    take labels or not. Layers of the same type are paired in their order, and equal shapes are
    copied. What depends on labels starts as follows:

    - The code of a class, a row of an `Embedding`, is the mean of the source's codes.
    - Where codes are joined with other inputs, as in the generator of `dcgan` and in `mlp`, and
      have another length, the layer behind them answers every code as it answered that mean.
    - Where the source takes no labels, the target computes the same function for all of them: its
      codes are zero, or, where they are joined with other inputs, the kernel's rows for them. (With
      spectral normalization zero codes get the norm 1 at the first update.)
    - Where the target takes no labels, it lacks what the source has for them.
    - `ConditionalBatchNormalization` has the mean scale and shift of the source's classes, or the
      ones of its `BatchNormalization`; likewise in the other direction.

    Args:
        source: a built Functional or Sequential model.
        target: another one, whose weights change.

    Returns:
        A list of the paths of the weights of `target` that were not copied.

    Raises:
        ValueError: if they differ in more than their labels; then no weight has changed.

    Example:

    >>> ten, three = (kgan.architectures.mlp(4, 2, num_classes=n)[0] for n in (10, 3))
    >>> [path.split("/")[-1] for path in transfer(ten, three)]
    ['embeddings', 'kernel']
    """
    codes = _codes(source), _codes(target)
    pairs = [pair for parts in _paired_parts(source, target) for pair in _pairs(*parts)]
    are_joined = any(pair.is_joined for pair in pairs)
    values = [_value(pair, *codes, are_joined) for pair in pairs]
    for pair, value in zip(pairs, values, strict=True):
        pair.new.assign(value)
    others = [pair.new.path for pair in pairs if not pair.is_copied]
    for layer in networks.of_kind([target], MovesPerUpdate):
        if any(weight.path in others for weight in layer.weights):
            for _ in range(NUM_ITERATIONS):
                layer.begin_update()
    return others


def blocks(discriminator: keras.Model) -> list[list[keras.Layer]]:
    """The layers with weights of a discriminator, by their resolution, from the input on.

    The inputs of a block's layers have the same size, such as the height and width of images. A
    layer whose inputs are vectors is a block of its own. The codes of labels belong to no block.

    Args:
        discriminator: a built Functional or Sequential model.
    """
    found: dict[Any, list[keras.Layer]] = {}
    for layer in _parts(discriminator):
        if isinstance(_unwrapped(layer), keras.layers.Embedding):
            continue
        size = keras.tree.flatten(layer.input)[0].shape[1:-1]  # Of its first call.
        found.setdefault(size or layer.name, []).append(layer)
    return list(found.values())


def freeze(discriminator: keras.Model, num_blocks: int) -> None:
    """Keeps the first blocks of a discriminator from learning; they see textures, in any data.

    Use it to fine-tune on few images: FreezeD, Mo et al. 2020, https://arxiv.org/abs/2002.10964.
    BatchNormalization in these blocks keeps its statistics. Call this before the networks become a
    `GAN`, whose file then knows it.

    Args:
        discriminator: a built Functional or Sequential model.
        num_blocks: how many of its `blocks`.

    Raises:
        ValueError: if it has not more blocks than that.
    """
    found = blocks(discriminator)
    if not 0 <= num_blocks < len(found):
        raise ValueError(
            "`freeze` must leave a block of the discriminator that learns: at most "
            f"{len(found) - 1} of its {len(found)}. Received: freeze={num_blocks}."
        )
    for layer in itertools.chain(*found[:num_blocks]):
        layer.trainable = False


class _Pair(NamedTuple):
    """A weight of the target, and the source's; `layer` is the target's that has it."""

    old: keras.Variable | None
    new: keras.Variable
    layer: keras.Layer

    @property
    def is_copied(self) -> bool:
        return self.old is not None and self.old.shape == self.new.shape

    @property
    def is_of_class(self) -> bool:
        """Whether it may have one row per class."""
        kinds = keras.layers.Embedding, *NORMALIZATIONS
        return isinstance(self.layer, kinds)

    @property
    def is_joined(self) -> bool:
        """Whether it is a kernel, of which the last rows are for the codes of labels."""
        return not (self.is_of_class or self.is_copied)


NORMALIZATIONS = (keras.layers.BatchNormalization, ConditionalBatchNormalization)


def _value(pair: _Pair, old_codes: Any, new_codes: Any, are_joined: bool) -> np.ndarray:
    """What a weight of the target starts from."""
    old, new = pair.old, pair.new
    if old is None:
        return np.asarray(new) if are_joined else np.zeros(new.shape, "float32")
    if pair.is_copied:
        return np.asarray(old)
    if pair.is_joined:
        return _joined_kernel(pair, old_codes, new_codes)
    if old.shape[-1] == new.shape[-1]:
        mean = np.atleast_2d(old).mean(axis=0)
        return np.broadcast_to(mean, new.shape)
    if are_joined and isinstance(pair.layer, keras.layers.Embedding):
        return np.asarray(new)  # Codes of another length: the kernel makes up for it.
    raise _refusal(f"{new.path} of shape {new.shape} where the source has {old.shape}")


def _joined_kernel(pair: _Pair, old_codes: Any, new_codes: Any) -> np.ndarray:
    """A kernel that answers all new codes as it answered the mean of the old ones, or none."""
    old, shape = np.asarray(pair.old), pair.new.shape
    lengths = [0 if codes is None else codes.shape[1] for codes in (old_codes, new_codes)]
    number = len(old) - lengths[0]
    if old.ndim != 2 or (number + lengths[1], old.shape[1]) != shape:
        raise _refusal(f"{pair.new.path} of shape {shape} where the source has {old.shape}")
    if new_codes is None:
        return old[:number]
    mean = np.zeros(old.shape[1]) if old_codes is None else old_codes.mean(axis=0) @ old[number:]
    one, *_ = np.linalg.lstsq(new_codes, np.ones(len(new_codes)))  # `new_codes @ one` is 1.
    return np.concatenate([old[:number], np.outer(one, mean)])


def _codes(network: keras.Model) -> np.ndarray | None:
    """The codes of all labels, `(num_classes, length)`; None where there are none, or several."""
    if len(network.inputs) < 2:
        return None
    found = [_unwrapped(part) for part in _parts(network)]
    codes = [one for one in found if isinstance(one, keras.layers.Embedding)]
    if codes:
        return np.asarray(codes[0].embeddings) if len(codes) == 1 else None
    number = networks.find_num_classes(network)
    return None if number is None else np.eye(number)


def _paired_parts(
    source: keras.Model, target: keras.Model
) -> Iterator[tuple[keras.Layer | None, keras.Layer]]:
    """The layers of the target, each with that of the source whose place it takes."""
    old, new = (_by_kind(network) for network in (source, target))
    for kind in {**old, **new}:
        olds, news = old.get(kind, []), new.get(kind, [])
        is_of_labels = kind.endswith("Embedding")
        if is_of_labels and not olds:
            yield from ((None, layer) for layer in news)
        elif news or not is_of_labels:
            if len(olds) != len(news):
                raise _refusal(f"{len(news)} layers {kind} where the source has {len(olds)}")
            yield from zip(olds, news, strict=True)


def _by_kind(network: keras.Model) -> dict[str, list[keras.Layer]]:
    found: dict[str, list[keras.Layer]] = {}
    for layer in _parts(network):
        found.setdefault(_kind(layer), []).append(layer)
    return found


def _kind(layer: keras.Layer) -> str:
    if isinstance(layer, NORMALIZATIONS):
        return "BatchNormalization"
    name = type(layer).__name__
    return f"{name} of {_kind(layer.layer)}" if isinstance(layer, keras.layers.Wrapper) else name


def _pairs(old: keras.Layer | None, new: keras.Layer) -> list[_Pair]:
    """The weights of a layer, each with that of another; of wrapped ones without the wrapper's.

    Where all shapes are the same, those of a wrapper are among them.
    """
    inner = _unwrapped(new)
    if old is None:
        return [_Pair(None, weight, inner) for weight in inner.weights]
    pairs = [_Pair(*both, inner) for both in zip(old.weights, new.weights, strict=False)]
    if len(old.weights) == len(new.weights) and all(pair.is_copied for pair in pairs):
        return pairs
    both = _in_order(_unwrapped(old)), _in_order(inner)
    if len(both[0]) != len(both[1]):
        raise _refusal(f"layer '{new.name}' has {len(both[1])} weights, the source {len(both[0])}")
    return [_Pair(*weights, inner) for weights in zip(*both, strict=True)]


def _in_order(layer: keras.Layer) -> list[keras.Variable]:
    """The weights of a layer; of both kinds of batch normalization in the same order."""
    if isinstance(layer, ConditionalBatchNormalization):
        return [*layer.gamma.weights, *layer.beta.weights, *layer.normalization.weights]
    return list(layer.weights)


def _parts(network: keras.Model) -> list[keras.Layer]:
    """The layers of a network that have weights, without those inside other layers."""
    parts, inside = [], set()
    for layer in networks.layers(network):
        if layer.weights and id(layer) not in inside:
            parts.append(layer)
        inside |= {id(one) for one in networks.layers(layer)}
    return parts


def _unwrapped(layer: keras.Layer) -> keras.Layer:
    while isinstance(layer, keras.layers.Wrapper):
        layer = layer.layer
    return layer


def _refusal(difference: str) -> ValueError:
    return ValueError(
        "`source` and `target` must be of one architecture, with the same arguments; only their "
        f"labels may differ. Received: {difference}."
    )
