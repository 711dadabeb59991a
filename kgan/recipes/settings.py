"""Settings by name and as text, as `kgan train --set NAME=VALUE` takes them."""

import ast
import collections.abc
import dataclasses
import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import docstring_parser

from kgan import architectures, augmentation, losses, penalties
from kgan.lookup import by_name
from kgan.recipes.recipe import Recipe

__all__ = ["Setting", "from_json", "parse", "settings", "text", "to_json"]

# What the command has options of its own for.
OPTIONS = (
    "dataset",
    "batch_size",
    "epochs",
    "steps",
    "image_size",
    "channels",
    "value_range",
    "conditional",
    "precision",
    "seed",
)
HIDDEN = ("summary", "network", "choose")


@dataclasses.dataclass(frozen=True)
class Setting:
    """A field of a recipe, or an argument of its architecture.

    Args:
        name: what `--set` calls it.
        value: what it is in this recipe.
        kind: what its values are, in words.
        annotation: its type.
        of: `"recipe"`, or the name of the architecture.
        says: what it is, as the docstring of the recipe or the architecture has it.
    """

    name: str
    value: Any
    kind: str
    annotation: Any
    of: str
    says: str


def settings(recipe: Recipe) -> dict[str, Setting]:
    """All settings of a recipe, by name: first its own, then those of its architecture."""
    fields = {field.name: getattr(recipe, field.name) for field in dataclasses.fields(Recipe)}
    own = {name: value for name, value in fields.items() if name not in (*OPTIONS, *HIDDEN)}
    others = {
        name: recipe.network.get(name, parameter.default)
        for name, parameter in recipe.arguments.items()
    }
    make = getattr(architectures, recipe.architecture)
    return _settings(own, Recipe, "recipe") | _settings(others, make, recipe.architecture)


def parse(recipe: Recipe, texts: Sequence[str]) -> dict[str, Any]:
    """The values that texts such as `"learning_rate=1e-3"` mean, for `Recipe.with_fields`.

    Args:
        recipe: whose settings they are.
        texts: a sequence of `"NAME=VALUE"`.

    Returns:
        A dict from names to values.

    Raises:
        ValueError: for an unknown name, with the nearest ones, one that is there twice, and a
            value of another type.
    """
    pairs = [text.partition("=") for text in texts]
    for text, (name, _, value) in zip(texts, pairs, strict=True):
        if not name.strip() or not value.strip():
            raise ValueError(
                f"--set must be NAME=VALUE, as learning_rate=1e-3. Received: {text!r}."
            )
    named = {name.strip(): value.strip() for name, _, value in pairs}
    if len(named) < len(pairs):
        raise ValueError(
            f"--set must name each setting once. Received: {', '.join(map(str, texts))}."
        )
    if "architecture" in named:  # It has arguments of its own.
        other = _value(settings(recipe)["architecture"], named["architecture"])
        if other != recipe.architecture:
            recipe = dataclasses.replace(recipe, architecture=other, network={})
    known = settings(recipe)
    return {name: _value(_known(name, text, known), text) for name, text in named.items()}


def to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of fields and settings, by name, as JSON can hold them.

    Tuples become lists, so that they equal what a file gives back, and penalties become texts.
    """
    found = {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }
    if "penalties" in found:
        found["penalties"] = [_text(one) for one in found["penalties"]]
    return found


def from_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of which `to_json` has made these, for `Recipe.with_fields`."""
    found = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    if "penalties" in found:
        found["penalties"] = tuple(map(_penalty, found["penalties"]))
    return found


def text(value: Any) -> str:
    """A value as `--set` takes it."""
    return "none" if value is None or value == () else _text(value)


def _text(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ",".join(map(_text, value))
    if isinstance(value, penalties.Penalty):
        names = {kind: name for name, kind in penalties.ALL.items()}
        return f"{names[type(value)]}:{value.weight:g}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _known(name, text, known):
    if name in OPTIONS:
        option = f"--{name.replace('_', '-')}"
        raise ValueError(
            f"There is an option for {name}: {option} {text}. Received: --set {name}={text}."
        )
    return by_name(name, known, "--set")


def _settings(values, documented, of):
    """The settings of these values, which are arguments of a documented class or function."""
    hints, told = typing.get_type_hints(documented), _told(documented)
    found = {}
    for name, value in values.items():
        value, kind, annotation = _described(name, value, hints[name])
        found[name] = Setting(name, value, kind, annotation, of, told[name])
    return found


def _described(name, value, annotation):
    """A setting's value, what it can be in words, and its type."""
    if value is inspect.Parameter.empty:
        value = None
    if name == "penalties":
        value = tuple(penalties.get_all(value))
        return value, "names and weights, as r1:0.1,r2:0.1, or none", annotation
    if name == "architecture":
        return value, ", ".join(architectures.__all__), str
    if name == "loss":
        return value, ", ".join(losses.ALL), str
    if name == "augmentation":
        return value, ", ".join([*augmentation.ALL, "none"]), str | None
    return value, _in_words(annotation), annotation


def _told(documented):
    """What the docstring of a class or function says of each of its arguments."""
    arguments = docstring_parser.parse(documented.__doc__).params
    return {
        name.strip(): " ".join((argument.description or "").split())
        for argument in arguments
        for name in argument.arg_name.split(",")
    }


def _alternatives(annotation):
    """The types that a value may have, None apart."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return [one for one in typing.get_args(annotation) if one is not type(None)]
    return [annotation]


def _in_words(annotation):
    words = {int: "an integer", float: "a number", bool: "true or false", str: "a name"}
    kinds = [words.get(one, "integers, as 256,256") for one in _alternatives(annotation)]
    has_none = type(None) in typing.get_args(annotation)
    return " or ".join([*kinds, *(["none"] if has_none else [])])


def _value(setting, text):
    """The value that a text means."""
    if setting.name == "penalties":
        return () if text.lower() == "none" else _penalties(text)
    if setting.name == "architecture":
        by_name(text, dict.fromkeys(architectures.__all__), "architecture")
    if setting.name == "loss":
        losses.get(text)
    if text.lower() == "none" and "none" in setting.kind.split():
        return None
    if setting.name == "augmentation":
        by_name(text, {**augmentation.ALL, "none": None}, "--set augmentation")
    for kind in _alternatives(setting.annotation):
        found = _as(kind, text)
        if found is not None:
            return found
    raise ValueError(
        f"--set {setting.name} must be {setting.kind}. Received: {setting.name}={text}."
    )


def _penalties(text):
    found = tuple(map(_penalty, text.split(",")))
    if len(set(map(type, found))) < len(found):
        raise ValueError(f"--set penalties must name each once. Received: penalties={text}.")
    return found


def _penalty(text):
    """The penalty that a text such as r1:0.1 means."""
    name, colon, weight = text.strip().partition(":")
    kind = by_name(name, penalties.ALL, "penalties")
    number = _as(float, weight)
    if colon and number is None:
        raise ValueError(
            "--set penalties must be names and weights, as r1:0.1,r2:0.1. "
            f"Received: penalties={text}."
        )
    penalty = kind()
    return dataclasses.replace(penalty, weight=number) if colon else penalty


def _as(kind, text):
    """The value of this type that a text means; None where there is none."""
    if kind is str:
        return text
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower())
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if kind is int:
        return value if is_whole else None
    if kind is float:
        return float(value) if is_whole or isinstance(value, float) else None
    if typing.get_origin(kind) in (collections.abc.Sequence, tuple):
        values = value if isinstance(value, tuple | list) else [value]
        return tuple(values) if all(type(one) is int for one in values) else None
    return None
