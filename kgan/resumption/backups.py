"""A training on disk: all that it takes to resume in the middle of an epoch, in one file.

A backup is a `.keras` file, which `keras.models.load_model` reads like any other, with one more
entry: its `Position`. Two are kept, and the newest intact one counts.
"""

import dataclasses
import json
import os
import pathlib
import reprlib
import warnings
import zipfile
from typing import Any

import keras
import numpy as np

from kgan.files import replacing
from kgan.resumption import states as states_module

__all__ = [
    "NEWEST",
    "POSITION",
    "PREVIOUS",
    "Position",
    "describe",
    "find",
    "read_position",
    "restore",
    "save",
]

NEWEST, PREVIOUS = "newest.keras", "previous.keras"
POSITION = "position.json"
# The arrays that callbacks remember.
ARRAYS = "callbacks.npz"
# Arguments that are younger than version 0.1.0, and what a game did before it had them.
ADDED = {"turns": "alternating", "every": 1, "log_gradient_norms": False, "packing": 1}


# What depends on how many devices there are, and makes no other game.
EXECUTION = ("synchronized", "steps_per_execution")


@dataclasses.dataclass(frozen=True)
class Position:
    """Where in a training a backup was made.

    Args:
        epoch: the epoch that is being trained, or comes next, from 0.
        batch: how many batches of it have been trained on.
        steps: how many batches an epoch has; None if unknown.
        game: what `describe` said of the GAN when the training began.
        data: the `identity` of the data set, or None.
        history: what `keras.callbacks.History` holds: `epoch` and `history`.
        running: the variables of the GAN's `game_log`, as lists.
        ended: how many epochs the training was to have, if it has ended, by itself or stopped by a
            callback; else None.
        callbacks: what the callbacks remember, as `states.states` gives it.
    """

    epoch: int
    batch: int = 0
    steps: int | None = None
    game: dict[str, Any] | None = None
    data: dict[str, Any] | None = None
    history: dict[str, Any] = dataclasses.field(default_factory=dict)
    running: list[Any] = dataclasses.field(default_factory=list)
    ended: int | None = None
    callbacks: dict[str, Any] = dataclasses.field(default_factory=dict)

    def leaves(self, epochs: int) -> bool:
        """Whether a training of `epochs` epochs has anything left to do."""
        return self.epoch < epochs and (self.ended is None or self.ended < epochs)


def save(folder: str | os.PathLike[str], gan: Any, position: Position) -> None:
    """Writes a backup; the newest one so far becomes the previous one."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    newest = folder / NEWEST
    callbacks, arrays = states_module.pack(position.callbacks)
    content = dataclasses.asdict(dataclasses.replace(position, callbacks=callbacks))
    with replacing(newest) as beside:
        gan.save(beside)
        with zipfile.ZipFile(beside, "a") as archive:
            archive.writestr(POSITION, json.dumps(content, default=float))
            if arrays:
                with archive.open(ARRAYS, "w") as file:
                    np.savez(file, *arrays)
        if newest.exists() and _is_intact(newest):  # Otherwise keep the one before.
            os.replace(newest, folder / PREVIOUS)


def find(folder: str | os.PathLike[str]) -> pathlib.Path | None:
    """The path of the newest intact backup in `folder`, or None if there never was one.

    Raises:
        ValueError: if there are backups, and none of them is intact.
    """
    present = [path for path in _paths(folder) if path.exists()]
    for path in present:
        if _is_intact(path):
            return path
        warnings.warn(f"The backup {path} is damaged and was skipped.", stacklevel=2)
    if present:
        raise ValueError(
            f"The backups in {folder} are damaged: {', '.join(path.name for path in present)}. "
            "Training cannot resume from them. To start over, delete that folder or choose another."
        )
    return None


def describe(gan: Any) -> dict[str, Any]:
    """A GAN and how it was compiled, as JSON can hold it."""
    description = json.loads(json.dumps(keras.saving.serialize_keras_object(gan)))
    description["config"]["num_classes"] = gan.num_classes  # Given, or read from the networks.
    return description


def restore(
    folder: str | os.PathLike[str], gan: Any, data: dict[str, Any] | None = None
) -> Position | None:
    """Puts `gan` where the newest intact backup in `folder` was made.

    Args:
        folder: where backups are.
        gan: a compiled GAN, built like the one that was backed up.
        data: the `identity` of the data set that it is to resume on, or None.

    Returns:
        The `Position` of the backup; None if there is none.

    Raises:
        ValueError: as `matching`.
    """
    found = matching(folder, gan, data)
    if found is None:
        return None
    path, position = found
    gan.adopt_seed((position.game or describe(gan))["config"]["seed"])
    gan.load_weights(path)
    return position


def matching(
    folder: str | os.PathLike[str], gan: Any, data: dict[str, Any] | None = None
) -> tuple[pathlib.Path, Position] | None:
    """The newest intact backup in `folder`, which must be of this game. Nothing changes.

    Args:
        folder, gan, data: as in `restore`.

    Returns:
        The pair of its path and its `Position`; None if there is none.

    Raises:
        ValueError: if all backups are damaged, or made of another game or other data.
    """
    path = find(folder)
    if path is None:
        return None
    position = read_position(path)
    before, now = position.game, describe(gan)
    if before:  # Version 0.1.0 did not write it down; the networks are compared anyway.
        before["config"].setdefault("num_classes", gan.num_classes)
    if before and gan.seed_is_drawn:
        now["config"]["seed"] = before["config"]["seed"]
    differing: list[tuple[str, str, str]] = []
    if before:
        differing += _differences(_without_names(before), _without_names(now), [])
    if position.data and data:
        differing += _differences(position.data, data, ["data"])
    if differing:
        lines = [f"\n  {name}: {old} there, {new} now" for name, old, new in differing[:6]]
        raise ValueError(
            f"The backup in {folder} is of another training:{''.join(lines)}\n"
            "Resume with the same; or, to start over, delete that folder or choose another."
        )
    return path, position


def read_position(path: pathlib.Path) -> Position:
    """Where the training was that an intact backup is of."""
    with zipfile.ZipFile(path) as archive:
        position = Position(**json.loads(archive.read(POSITION)))
        arrays = []
        if ARRAYS in archive.namelist():
            with archive.open(ARRAYS) as file, np.load(file, allow_pickle=False) as found:
                arrays = [found[name] for name in found.files]
    return dataclasses.replace(position, callbacks=states_module.unpack(position.callbacks, arrays))


def _paths(folder: str | os.PathLike[str]) -> list[pathlib.Path]:
    return [pathlib.Path(folder) / name for name in (NEWEST, PREVIOUS)]


def _is_intact(path: pathlib.Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None and POSITION in archive.namelist()
    except Exception:  # What zipfile raises depends on which byte is wrong.
        return False


def _without_names(config: Any) -> Any:
    """A serialized GAN without what differs when the same program builds the same game again."""
    names: dict[str, str] = {}

    def collect(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("name"), str):
                names.setdefault(part["name"], f"#{len(names)}")
            part = list(part.values())
        for child in part if isinstance(part, list) else []:
            collect(child)

    def rename(part: Any) -> Any:
        if isinstance(part, dict) and part.get("class_name") == "__lambda__":
            return "lambda"  # Its code names the file or the cell that it is in.
        if isinstance(part, dict):
            left_out = {"shared_object_id"}
            if part.get("registered_name"):  # By which Keras finds it, wherever it is now.
                left_out.add("module")
            return {
                key: child if key in ("class_name", "registered_name", "module") else rename(child)
                for key, child in part.items()
                if key not in left_out
            }
        if isinstance(part, list):
            return [rename(child) for child in part]
        return names.get(part, part) if isinstance(part, str) else part

    collect(config)
    return rename(config)


def _differences(before: Any, now: Any, path: list[Any]) -> list[tuple[str, str, str]]:
    """`(name, before, now)` of every leaf where two nested structures differ, as text."""
    passed_over = {"config", "compile_config"}
    if path and path[-1] in EXECUTION:
        return []
    name = ".".join(str(key) for key in path if key not in passed_over)
    if isinstance(before, list) and isinstance(now, list):
        if len(before) != len(now):
            return [(f"number of {name}", str(len(before)), str(len(now)))]
        before, now = dict(enumerate(before)), dict(enumerate(now))
    if isinstance(before, dict) and isinstance(now, dict):
        return [
            difference
            for key in {**before, **now}
            for difference in _differences(
                before.get(key, ADDED.get(key)), now.get(key), [*path, key]
            )
        ]
    return [] if before == now else [(name, reprlib.repr(before), reprlib.repr(now))]
