"""Numbers that may change with the step: a constant, or a Keras learning-rate schedule."""

from typing import Any, TypeAlias

import keras

__all__ = ["Number", "check", "deserialize", "serialize", "value_at"]

Schedule = keras.optimizers.schedules.LearningRateSchedule
Number: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule


def value_at(number: Number, step: Any) -> Any:
    """What `number` is at `step`: itself, or the value of the schedule, a scalar tensor."""
    return number(step) if isinstance(number, Schedule) else number


def check(name: str, number: Any, low: float, high: float = float("inf"), more: str = "") -> None:
    """Raises unless the argument `name` is a schedule, or a number in [low, high).

    Raises:
        ValueError: if so.
    """
    if isinstance(number, Schedule):
        return
    is_number = isinstance(number, int | float) or hasattr(number, "__float__")
    if isinstance(number, bool) or not is_number or not low <= float(number) < high:
        bounds = f"at least {low:g}" if high == float("inf") else f"in [{low:g}, {high:g})"
        raise ValueError(
            f"`{name}` must be {bounds}, or a schedule of keras.optimizers.schedules."
            f"{more} Received: {name}={number!r}."
        )


def serialize(number: Any) -> Any:
    """A number or schedule as JSON can hold it; anything else is left as it is."""
    if isinstance(number, Schedule):
        return keras.saving.serialize_keras_object(number)
    return number


def deserialize(config: Any) -> Any:
    """What `serialize` was given, from what it returned."""
    return keras.saving.deserialize_keras_object(config) if isinstance(config, dict) else config
