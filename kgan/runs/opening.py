"""Checks that a run can start, or resume, in a folder."""

import contextlib
import os
import pathlib
from typing import Any

from kgan import files
from kgan.datasets.dataset import STEPS_PER_EPOCH
from kgan.resumption import backups
from kgan.runs.run import Run, RunError, unit_of

__all__ = ["at"]


def at(folder: str | os.PathLike[str], asked: dict[str, Any]) -> Run:
    """The run in `folder`, new or the same again. Nothing is written.

    Args:
        folder: where the run is to be.
        asked: a dict of what was asked for, as JSON can hold it. A run resumes with more `epochs`
            or `steps` than it was begun with, and with or without `stop`; all else must be the
            same.

    Raises:
        RunError: if the folder holds something else, or a run of which other things were asked.
    """
    run = Run(pathlib.Path(folder).expanduser())
    if run.folder.exists() and not run.folder.is_dir():
        raise RunError(f"{run.folder} is a file; choose another --output.")
    if run.asked is not None:
        _check_same(run, asked)
    elif not files.is_empty(run.folder):
        raise RunError(
            f"{run.folder} holds something else than a run of kgan (there is no "
            f"{run.description.name}). Nothing was touched; choose another --output."
        )
    return run


def _differences(before, now, names):
    """Lines that say what was asked for and is asked for, setting by setting."""
    for name in names:
        old, new, shown = {name: before.get(name)}, {name: now.get(name)}, ""
        if name == "settings":
            old, new, shown = old[name] or {}, new[name] or {}, "--set "
        for one in {**old, **new}:
            if old.get(one) != new.get(one):
                there, here = (_told(values.get(one), one) for values in (old, new))
                yield f"\n  {shown}{one}: {there} there, {here} now"


def _told(value, name):
    if value is None:
        return "not given"
    between = "x" if name == "image_size" else ","
    return between.join(map(str, value)) if isinstance(value, list) else repr(value)


def _check_same(run, now):
    before = run.asked
    differing = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if "stop" in differing:
        differing.remove("stop")  # Like its length, what ends a run may change.
    if "dataset" in differing and _is_gone(before.get("dataset")):
        differing.remove("dataset")  # It may have moved; whether it is the same its backup knows.
    unit = unit_of(now)
    allowed = differing == [unit] and _can_end_after(run, unit, now.get(unit) or 0)
    if differing and not allowed:
        if differing == [unit]:
            raise RunError(
                f"{run.folder} has been trained for longer already ({unit}: {before[unit]} "
                f"there, {now[unit]} now). Nothing was touched; ask for at least as many, or "
                "choose another --output."
            )
        if unit in differing and _can_end_after(run, unit, now.get(unit) or 0):
            differing.remove(unit)
        lines = "".join(_differences(before, now, differing))
        raise RunError(
            f"{run.folder} holds a run with other settings:{lines}\n"
            f"Nothing was touched; use the same (more {unit} are fine), or choose another --output."
        )
    if run.has_ended(before) and not run.has_ended(now) and backups.find(run.backup) is None:
        raise RunError(
            f"The run in {run.folder} has ended, and its backup, from which it could resume, is "
            f"not there. Nothing was touched; choose another --output."
        )


def _can_end_after(run, unit, number):
    """Whether a run can end after so many epochs or steps: it has not been trained for more."""
    if number > run.asked.get(unit, 0):
        return True
    with contextlib.suppress(ValueError, OSError):
        position = run.position()
        trained = position.epoch if position else 0
        return trained * (STEPS_PER_EPOCH if unit == "steps" else 1) <= number
    return False


def _is_gone(dataset):
    """Whether this was the path of a folder that is not there any more."""
    return bool(dataset) and pathlib.Path(dataset).is_absolute() and not os.path.exists(dataset)
