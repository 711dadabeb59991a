"""What callbacks remember of a training, as a backup keeps it."""

import json
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kgan.protocols import HasState

__all__ = ["lacks_stopper", "pack", "put_back", "states", "unpack"]

# What Keras's own callbacks remember, and forget when `fit` begins, or with their process.
REMEMBERED: dict[type, tuple[str, ...]] = {
    keras.callbacks.EarlyStopping: ("wait", "stopped_epoch", "best", "best_epoch", "best_weights"),
    keras.callbacks.ModelCheckpoint: ("best",),
}
# A callback has stopped the training if one of these is set in its state: `EarlyStopping` has the
# first, `EquilibriumStopping` the second.
STOPPED = ("stopped_epoch", "reason")
# In place of an array, its number.
ARRAY = "__array__"


def states(callbacks: Sequence[keras.callbacks.Callback]) -> dict[str, Any]:
    """What the callbacks remember that have something to remember, by their names.

    Args:
        callbacks: those of a training. One has a state if it has `get_state` and `set_state`
            (`kgan.protocols.HasState`), or is a Keras callback that remembers something.
    """
    found = {}
    for name, callback in _named(callbacks).items():
        if isinstance(callback, HasState):
            found[name] = callback.get_state()
        elif attributes := _remembered(callback):
            found[name] = {attribute: getattr(callback, attribute) for attribute in attributes}
    return found


def lacks_stopper(callbacks: Sequence[keras.callbacks.Callback], states: dict[str, Any]) -> bool:
    """Whether a callback says in `states` that it has stopped the training, and is not there."""
    stopped = {name for name, state in states.items() if any(map(state.get, STOPPED))}
    return not stopped <= _named(callbacks).keys()


def put_back(callbacks: Sequence[keras.callbacks.Callback], states: dict[str, Any]) -> None:
    """Gives callbacks what those of the same names remembered; others stay as they are."""
    for name, callback in _named(callbacks).items():
        if name not in states:
            continue
        if isinstance(callback, HasState):
            callback.set_state(states[name])
        else:
            for attribute in _remembered(callback):
                setattr(callback, attribute, states[name][attribute])


def pack(states: dict[str, Any]) -> tuple[dict[str, Any], list[np.ndarray]]:
    """States as JSON can hold them, and the arrays in them.

    Raises:
        TypeError: if one holds something else; the message names the callback.
    """
    arrays: list[np.ndarray] = []
    packed = {}
    for name, state in states.items():
        packed[name] = _packed(state, arrays)
        try:
            json.dumps(packed[name])
        except TypeError as error:
            raise TypeError(
                "`get_state` of a callback must return numbers, texts, arrays, lists and dicts of "
                f"them, which a backup can keep. Received: that of {name}, in which {error}."
            ) from error
    return packed, arrays


def unpack(packed: Any, arrays: Sequence[np.ndarray]) -> Any:
    """The states that `pack` has made these of; tuples have become lists."""
    if isinstance(packed, dict):
        if packed.keys() == {ARRAY}:
            return arrays[packed[ARRAY]][()]  # Of a scalar the number, with its type.
        return {key: unpack(value, arrays) for key, value in packed.items()}
    return [unpack(value, arrays) for value in packed] if isinstance(packed, list) else packed


def _packed(value, arrays):
    if isinstance(value, dict):
        return {str(key): _packed(child, arrays) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(child, arrays) for child in value]
    if keras.ops.is_tensor(value) or isinstance(value, np.ndarray | np.generic | keras.Variable):
        arrays.append(np.asarray(value))
        return {ARRAY: len(arrays) - 1}
    return value


def _named(callbacks):
    """Callbacks by the names of their classes; a second one of a class has its number behind."""
    named: dict[str, keras.callbacks.Callback] = {}
    counts: dict[str, int] = {}
    for callback in callbacks:
        kind = type(callback).__name__
        counts[kind] = counts.get(kind, 0) + 1
        named[kind if counts[kind] == 1 else f"{kind} {counts[kind]}"] = callback
    return named


def _remembered(callback):
    return next((names for kind, names in REMEMBERED.items() if isinstance(callback, kind)), ())
