"""What `Adaptive` takes."""

from typing import Any

from kgan.game import schedules
from kgan.lookup import by_name

__all__ = ["OF_IMAGES", "OF_OTHERS", "check_adaptive"]

# The transforms of images, and those of sequences and volumes.
OF_IMAGES = ("flip", "rotate90", "translate", "scale", "rotate", "color")
OF_OTHERS = ("flip", "translate")


def check_adaptive(
    transforms: Any, target: Any, images_to_full: Any, probability: Any, initial: Any, most: Any
) -> None:
    """Raises ValueError where an argument of `Adaptive` is out of range."""
    if isinstance(transforms, str):
        raise ValueError(f"`transforms` must be a sequence. Received: transforms={transforms!r}.")
    for name in transforms or ():
        by_name(name, dict.fromkeys(OF_IMAGES), "transforms")
    if target is not None and not 0 < target < 1:
        raise ValueError(f"`target` must be in (0, 1). Received: target={target!r}.")
    if not images_to_full >= 1:
        raise ValueError(
            f"`images_to_full` must be at least 1. Received: images_to_full={images_to_full!r}."
        )
    if probability is not None:
        schedules.check("probability", probability, 0, 1 + 1e-9)
    for name, number in {"initial": initial, "most": most}.items():
        if not 0 <= number <= 1:
            raise ValueError(f"`{name}` must be in [0, 1]. Received: {name}={number!r}.")
