"""A training on disk: all that it takes to go on from the middle of an epoch, in one file.

A backup is a `.keras` file, which `keras.models.load_model` reads as any other, with one entry
more: its `Position`. Two are kept, and the newest that is intact counts.
"""

import dataclasses
import json
import os
import pathlib
import reprlib
import warnings
import zipfile

import keras

from kgan.files import replacing

NEWEST, PREVIOUS = "newest.keras", "previous.keras"
POSITION = "position.json"


@dataclasses.dataclass(frozen=True)
class Position:
    """Where in a training a backup was made.

    Args:
        epoch: the epoch that is being trained, or comes next, from 0.
        batch: how many batches of it have been trained on.
        steps: how many batches an epoch has; None where nobody knows.
        game: what `describe` said of the GAN when the training began.
        data: the `identity` of the data set, or None.
        history: what `keras.callbacks.History` holds: `epoch` and `history`.
        running: the variables of the GAN's `game_log`, as lists.
        ended: how many epochs the training was to have, if it has ended, by itself or stopped by a
            callback; else None.
    """

    epoch: int
    batch: int = 0
    steps: int | None = None
    game: dict | None = None
    data: dict | None = None
    history: dict = dataclasses.field(default_factory=dict)
    running: list = dataclasses.field(default_factory=list)
    ended: int | None = None

    def leaves(self, epochs):
        """Whether it leaves anything to do of a training that is to have so many epochs."""
        return self.epoch < epochs and (self.ended is None or self.ended < epochs)


def save(folder, gan, position):
    """Writes a backup; the one that was the newest becomes the previous one."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    newest = folder / NEWEST
    with replacing(newest) as beside:
        gan.save(beside)
        with zipfile.ZipFile(beside, "a") as archive:
            archive.writestr(POSITION, json.dumps(dataclasses.asdict(position), default=float))
        if newest.exists() and _is_intact(newest):  # Else the one before it is all that there is.
            os.replace(newest, folder / PREVIOUS)


def find(folder):
    """The path of the newest intact backup in `folder`, or None if there never was one.

    Raises:
        ValueError: if there are backups, and none of them is intact.
    """
    present = [path for path in _paths(folder) if path.exists()]
    for path in present:
        if _is_intact(path):
            return path
        warnings.warn(f"The backup {path} is damaged, and passed over.", stacklevel=2)
    if present:
        raise ValueError(
            f"The backups in {folder} are damaged: {', '.join(path.name for path in present)}. "
            "They cannot be gone on from; to begin anew, delete that folder or choose another."
        )
    return None


def describe(gan):
    """What a GAN is and how it was compiled, as JSON can hold it."""
    return json.loads(json.dumps(keras.saving.serialize_keras_object(gan)))


def restore(folder, gan, data=None):
    """Puts `gan` where the newest intact backup in `folder` was made.

    Args:
        folder: where backups are.
        gan: a compiled GAN, built as the one that was backed up.
        data: the `identity` of the data set that it is to go on with, or None.

    Returns:
        The `Position` of the backup; None if there is none.

    Raises:
        ValueError: if all backups are damaged, or made of another game or other data.
    """
    path = find(folder)
    if path is None:
        return None
    with zipfile.ZipFile(path) as archive:
        position = Position(**json.loads(archive.read(POSITION)))
    before, now = position.game, describe(gan)
    if before and gan.seed_is_drawn:
        now["config"]["seed"] = before["config"]["seed"]
    differing = []
    if before:
        differing += _differences(_without_names(before), _without_names(now), [])
    if position.data and data:
        differing += _differences(position.data, data, ["data"])
    if differing:
        lines = [f"\n  {name}: {old} there, {new} now" for name, old, new in differing[:6]]
        raise ValueError(
            f"The backup in {folder} is of another training:{''.join(lines)}\n"
            "Go on with the same; or, to begin anew, delete that folder or choose another."
        )
    gan.seed = now["config"]["seed"]
    gan.load_weights(path)
    return position


def _paths(folder):
    return [pathlib.Path(folder) / name for name in (NEWEST, PREVIOUS)]


def _is_intact(path):
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None and POSITION in archive.namelist()
    except Exception:  # What zipfile raises depends on which byte is wrong.
        return False


def _without_names(config):
    """A serialized GAN without what differs from one building of the same game to the next."""
    names = {}

    def collect(part):
        if isinstance(part, dict):
            if isinstance(part.get("name"), str):
                names.setdefault(part["name"], f"#{len(names)}")
            part = list(part.values())
        for child in part if isinstance(part, list) else []:
            collect(child)

    def rename(part):
        if isinstance(part, dict) and part.get("class_name") == "__lambda__":
            return "lambda"  # Its code names the file or the cell that it is in.
        if isinstance(part, dict):
            return {
                key: child if key in ("class_name", "registered_name", "module") else rename(child)
                for key, child in part.items()
                if key != "shared_object_id"
            }
        if isinstance(part, list):
            return [rename(child) for child in part]
        return names.get(part, part) if isinstance(part, str) else part

    collect(config)
    return rename(config)


def _differences(before, now, path):
    """`(name, before, now)` of every leaf in which two nested structures differ, as text."""
    passed_over = {"config", "compile_config"}
    name = ".".join(str(key) for key in path if key not in passed_over)
    if isinstance(before, list) and isinstance(now, list):
        if len(before) != len(now):
            return [(f"number of {name}", str(len(before)), str(len(now)))]
        before, now = dict(enumerate(before)), dict(enumerate(now))
    if isinstance(before, dict) and isinstance(now, dict):
        return [
            difference
            for key in {**before, **now}
            for difference in _differences(before.get(key), now.get(key), [*path, key])
        ]
    return [] if before == now else [(name, reprlib.repr(before), reprlib.repr(now))]
