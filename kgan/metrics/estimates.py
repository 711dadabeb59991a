"""What a measure gives, and what it is given."""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["LEAST_SAMPLES", "Estimate", "checked", "features", "pair"]

# On fewer, none of these numbers says anything.
LEAST_SAMPLES = 10


class Estimate(NamedTuple):
    """A number, how far it may be off, and from how many samples it comes.

    Args:
        value: the number.
        error: what each measure says of it: a standard error, or a standard deviation.
        num_samples: of the generated samples.
    """

    value: float
    error: float
    num_samples: int


def pair(
    real: Any,
    generated: Any,
    least: int = LEAST_SAMPLES,
    names: tuple[str, str] = ("real", "generated"),
) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of feature vectors as float64 `(num, num_features)`.

    Raises:
        ValueError: if they are no such sets, do not belong together, are too few, or not finite.
    """
    real, generated = features(real, names[0], least), features(generated, names[1], least)
    if real.shape[1] != generated.shape[1]:
        raise ValueError(
            f"`{names[0]}` and `{names[1]}` must have the same number of features. "
            f"Received: {real.shape[1]} and {generated.shape[1]}."
        )
    return real, generated


def features(values: Any, name: str, least: int = LEAST_SAMPLES) -> np.ndarray:
    """Feature vectors as float64 `(num, num_features)`; more axes are flattened into one.

    Raises:
        ValueError: as `pair`.
    """
    return checked(values, name, least).astype("float64")


def checked(values: Any, name: str, least: int = LEAST_SAMPLES) -> np.ndarray:
    """Vectors `(num, size)` of whatever type they are; more axes are flattened into one.

    Raises:
        ValueError: as `pair`.
    """
    values = np.asarray(values)
    if values.ndim < 2 or len(values) < least:
        raise ValueError(
            f"`{name}` must be of shape (num_samples, num_features), with at least {least} "
            f"samples. Received: shape {values.shape}."
        )
    values = values.reshape(len(values), -1)
    if not np.isfinite(values).all():
        raise ValueError(
            f"`{name}` must be finite. Received: {int((~np.isfinite(values)).sum())} of "
            f"{values.size} values that are NaN or infinite."
        )
    return values
