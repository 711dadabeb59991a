"""What is wrong with the fields of a recipe, before anything is made of them."""

import math
import numbers
from typing import Any

from kgan import architectures, checks
from kgan.datasets.dataset import STEPS_PER_EPOCH
from kgan.lookup import by_name
from kgan.recipes.precision import PRECISIONS

__all__ = ["check_fields"]

RATES = ("learning_rate", "generator_learning_rate", "discriminator_learning_rate")


def check_fields(recipe: Any) -> None:
    """Raises where a field of a `Recipe` is out of range, or does not go with another.

    Raises:
        ValueError: if so.
    """
    if recipe.precision not in PRECISIONS:
        raise ValueError(
            f"`precision` must be one of {PRECISIONS}. Received: precision={recipe.precision!r}."
        )
    by_name(recipe.architecture, dict.fromkeys(architectures.__all__), "architecture")
    for name in ("batch_size", "discriminator_steps", "packing"):
        checks.check_positive_integer(name, getattr(recipe, name))
    _check_optimizers(recipe)
    _check_length(recipe)


def _check_optimizers(recipe):
    for name in RATES:
        rate = getattr(recipe, name)
        if rate is not None and not (_is_number(rate) and 0 < rate < math.inf):
            raise ValueError(f"`{name}` must be a positive number. Received: {name}={rate!r}.")
    beta = recipe.beta_1
    if not (_is_number(beta) and 0 <= beta < 1):
        raise ValueError(f"`beta_1` must be a number in [0, 1). Received: beta_1={beta!r}.")
    for name, otherwise in (
        ("decay_steps", "constant learning rates"),
        ("augmentation_steps", "an augmentation that does not grow"),
    ):
        steps = getattr(recipe, name)
        if steps is not None and not (_is_number(steps) and steps >= 1):
            raise ValueError(
                f"`{name}` must be a number of at least 1, or None for {otherwise}. "
                f"Received: {name}={steps!r}."
            )


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _check_length(recipe):
    if (recipe.epochs is None) == (recipe.steps is None):
        raise ValueError(
            "A recipe has either `epochs` or `steps`. "
            f"Received: epochs={recipe.epochs}, steps={recipe.steps}."
        )
    if recipe.epochs is not None:
        checks.check_positive_integer("epochs", recipe.epochs)
    if recipe.steps is None:
        return
    checks.check_positive_integer("steps", recipe.steps)
    if recipe.steps % STEPS_PER_EPOCH:
        raise ValueError(
            f"`steps` must be a multiple of {STEPS_PER_EPOCH}. Received: steps={recipe.steps}."
        )
