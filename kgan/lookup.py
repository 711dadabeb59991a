"""Finding a thing by its name, and saying which names were near when there is none."""

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

__all__ = ["by_name"]

_Thing = TypeVar("_Thing")


def by_name(name: Any, choices: Mapping[str, _Thing], argument: str) -> _Thing:
    """Returns `choices[name]`.

    Args:
        name: what the user gave.
        choices: a dict from name to thing.
        argument: what the user's argument is called; for the error.

    Raises:
        ValueError: if `choices` has no such name; the message lists the nearest ones.
    """
    if name in choices:
        return choices[name]
    near = (
        difflib.get_close_matches(str(name), choices, n=3, cutoff=0.5)
        or [choice for choice in choices if str(name) and str(name) in choice][:3]
    )
    meant = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    known = f"one of {sorted(choices)}" if len(choices) <= 20 else f"one of {len(choices)} names"
    raise ValueError(f"`{argument}` must be {known}.{meant} Received: {argument}={name!r}.")
