"""How values become [-1, 1]: one rule for arrays, folders and TensorFlow Datasets.

It looks at the type and the range of the whole data set, never at a single sample.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from kgan.game.batches import is_picture

__all__ = [
    "ValueRange",
    "check_numbers",
    "check_value_range",
    "find_value_range",
    "prepare",
    "scale",
    "unit",
]

# The values that become -1 and 1; None where values stay as they are.
ValueRange = tuple[float, float] | None

# Depths of integers, in bits: bytes, and what medical and scientific cameras give.
DEPTHS = (8, 10, 12, 16)
TOLERANCE = 1e-3


def find_value_range(dtype: Any, low: float, high: float, *, is_picture: bool) -> ValueRange:
    """The rule: which values of a data set become -1 and 1.

    Args:
        dtype: the type of the values.
        low, high: the smallest and the largest value of the whole data set.
        is_picture: whether samples are pictures, whose values cannot be unbounded.

    Raises:
        ValueError: where the rule has no answer; the message offers `value_range`.
    """
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return (0, 1)
    if np.issubdtype(dtype, np.floating):
        return _range_of_floats(low, high, is_picture)
    if not np.issubdtype(dtype, np.integer):
        raise ValueError(f"`samples` must be real numbers. Received: dtype {dtype}.")
    if low >= 0 and high <= 1:
        return (0, 1)
    for bits in DEPTHS:
        if low >= 0 and high < 2**bits:
            return (0, 2**bits - 1)
    raise ValueError(
        "Integers must be at least 0 and below 65536; otherwise say which of them become -1 "
        f"and 1: value_range=({low:g}, {high:g}), for example. "
        f"Received: {dtype} values from {low:g} to {high:g}."
    )


def _range_of_floats(low, high, is_picture):
    if low < 0 and low >= -1 - TOLERANCE and high <= 1 + TOLERANCE:
        return None
    received = f"Received: floating-point values from {low:g} to {high:g}."
    if low >= 0 and high <= 1:
        raise ValueError(
            "Samples in [0, 1] are ambiguous: value_range=(0, 1) scales them to "
            f"[-1, 1], value_range=(-1, 1) leaves them as they are. {received}"
        )
    if is_picture:
        top = 255 if low >= 0 and high <= 255 else max(high, 0)
        raise ValueError(
            "Floating-point images must be in [-1, 1]; otherwise say which values become -1 "
            f"and 1: value_range=({min(low, 0):g}, {top:g}), for example. {received}"
        )
    return None


def check_value_range(value_range: Any) -> None:
    """Raises ValueError where `value_range` is not a pair of finite, increasing numbers."""
    try:
        low, high = (float(value) for value in value_range)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(
            "`value_range` must be a pair (low, high) of numbers, low < high: the values that "
            f"become -1 and 1. Received: value_range={value_range!r}."
        )


def check_numbers(samples: np.ndarray) -> None:
    """Raises ValueError unless an array holds bools or real numbers."""
    kinds = (np.bool_, np.integer, np.floating)
    if samples.dtype.name != "bfloat16" and not any(np.issubdtype(samples.dtype, k) for k in kinds):
        raise ValueError(f"`samples` must be real numbers. Received: dtype {samples.dtype}.")


def prepare(samples: np.ndarray, value_range: ValueRange = None) -> tuple[np.ndarray, ValueRange]:
    """Samples as a data set keeps them, and the values of them that become -1 and 1.

    Integers are kept in as few bytes as hold them; floating-point samples are scaled here.

    Args:
        samples: `(num_samples, ...)`.
        value_range: a pair; None for the rule's.

    Raises:
        ValueError: if values are not finite, are outside of `value_range`, or the rule has no
            answer.
    """
    if samples.dtype.name == "bfloat16":  # NumPy takes it for no number.
        samples = samples.astype("float32")
    check_numbers(samples)
    _check_finite(samples)
    if samples.dtype == bool:
        samples = samples.view("uint8")
        value_range = (0, 1) if value_range is None else value_range
    low, high = (float(f(samples)) if samples.size else 0.0 for f in (np.min, np.max))
    if value_range is None:
        pictures = is_picture(samples)
        value_range = find_value_range(samples.dtype, low, high, is_picture=pictures)
    else:
        check_value_range(value_range)
        value_range = (float(value_range[0]), float(value_range[1]))
        _check_within(samples, low, high, value_range)
    if np.issubdtype(samples.dtype, np.integer):
        for dtype in ("uint8", "uint16", "int16"):
            if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
                return samples.astype(dtype, copy=False), value_range
    if value_range not in (None, (-1.0, 1.0)):  # In full precision: the offset may be large.
        exact = "float32" if samples.dtype in ("float16", "float32") else "float64"
        samples = scale(samples.astype(exact), value_range)
    with np.errstate(over="ignore"):
        in_float32 = samples.astype("float32", copy=False)
    if samples.dtype != np.float32:
        _check_finite(in_float32)  # What is too large for float32 has become infinite.
    return in_float32, value_range


def scale(samples: np.ndarray, value_range: ValueRange) -> np.ndarray:
    """A floating-point array, scaled in place: data is large enough in memory once."""
    if value_range is None:
        return samples
    low, high = value_range
    if low:
        samples -= low
    samples /= (high - low) / 2
    samples -= 1
    return samples


def unit(samples: tf.Tensor, value_range: ValueRange) -> tf.Tensor:
    """A batch of samples as `prepare` keeps them, as float32."""
    if samples.dtype.is_floating or value_range is None:
        return samples
    low, high = value_range
    samples = tf.cast(samples, "float32")
    if low:
        samples -= low
    return samples / ((high - low) / 2) - 1


def _check_finite(samples):
    if not np.issubdtype(samples.dtype, np.floating):
        return
    finite = np.isfinite(samples)
    if not finite.all():
        index = int(np.argmin(finite.reshape(len(samples), -1).all(axis=1)))
        raise ValueError(
            "`samples` must be finite, in float32. Received: NaN or infinite values, the first in "
            f"samples[{index}]."
        )


def _check_within(samples, low, high, value_range):
    margin = TOLERANCE * (value_range[1] - value_range[0]) / 2
    if low < value_range[0] - margin or high > value_range[1] + margin:
        raise ValueError(
            "`samples` must be within `value_range`; widen it, or clip them with numpy.clip. "
            f"Received: value_range={value_range}, values from {low:g} to {high:g}."
        )
