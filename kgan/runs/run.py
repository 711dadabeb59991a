"""What the folder of a run holds, and how it is found again."""

import dataclasses
import datetime
import importlib.metadata
import json
import pathlib
import platform
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from kgan import files
from kgan.datasets.dataset import STEPS_PER_EPOCH
from kgan.gan import GAN
from kgan.resumption import backups

__all__ = ["Run", "RunError", "unit_of"]


class RunError(Exception):
    """A folder is not what was hoped for; the message says what it is, and what to do."""


@dataclasses.dataclass(frozen=True)
class Run:
    """The folder of a run.

    Args:
        folder: where; nothing else knows the names of the files in it.
    """

    folder: pathlib.Path

    @property
    def description(self) -> pathlib.Path:
        """What was asked, with which versions: JSON, and the mark of a run's folder."""
        return self.folder / "run.json"

    @property
    def model(self) -> pathlib.Path:
        """The trained GAN, whole; it is there when training has ended."""
        return self.folder / "gan.keras"

    @property
    def best(self) -> pathlib.Path:
        """The GAN as it was after its best epoch, of `BestGenerator`; with `--best` only."""
        return self.folder / "best.keras"

    @property
    def backup(self) -> pathlib.Path:
        """The folder of `BackupAndRestore`, from which training goes on."""
        return self.folder / "backup"

    @property
    def samples(self) -> pathlib.Path:
        """The pictures of `SampleGrid`."""
        return self.folder / "samples"

    @property
    def log(self) -> pathlib.Path:
        """The logs of every epoch, of `CSVLogger`."""
        return self.folder / "log.csv"

    @property
    def history(self) -> pathlib.Path:
        """The training curves, as a figure."""
        return self.folder / "history.png"

    @property
    def diagnosis(self) -> pathlib.Path:
        """What the doctor read during training, as a figure, of `kgan diagnose`."""
        return self.folder / "diagnosis.png"

    @property
    def tensorboard(self) -> pathlib.Path:
        """The logs and pictures for TensorBoard, of `--tensorboard`."""
        return self.folder / "tensorboard"

    @property
    def evaluation(self) -> pathlib.Path:
        """What every `kgan evaluate` found, as JSON."""
        return self.folder / "evaluation.json"

    @property
    def asked(self) -> dict[str, Any] | None:
        """What was asked for, a dict; None where nothing was yet."""
        return self._read().get("asked")

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes of the data are called, in the order of their labels; () if unknown."""
        return tuple(self._read().get("class_names") or ())

    @property
    def value_range(self) -> tuple[float, float] | None:
        """The values of the data that became -1 and 1; None if unknown, or as they were."""
        return tuple(self._read().get("value_range") or ()) or None

    @property
    def exported(self) -> list[str]:
        """The formats that `kgan train` has exported the trained GAN to, a list of names."""
        return list(self._read().get("exported", ()))

    @property
    def chosen(self) -> dict[str, Any]:
        """What the recipe has chosen by the data, by name, as `recipes.from_json` takes it."""
        return dict(self._read().get("chosen") or {})

    @property
    def num_held_out(self) -> int:
        """How many pictures of its folder it was not trained on."""
        return int(self._read().get("num_held_out") or 0)

    @property
    def trained_on(self) -> dict[str, int]:
        """What tells the pictures that it learns from, of `Dataset.identity`; {} if unknown."""
        return dict(self._read().get("trained_on") or {})

    @property
    def reason(self) -> str | None:
        """Why it was stopped before its time, as of `EquilibriumStopping`; None if it was not."""
        return self._read().get("stopped")

    @property
    def has_diverged(self) -> bool:
        """Whether its game has diverged: losses or weights were no longer finite."""
        return "diverged" in self._read()

    def add_divergence(self) -> None:
        """Writes down that its game has diverged, and when."""
        description = self._read()
        if description:  # It may have been deleted meanwhile.
            self._write(description | {"diverged": _now()})

    def learns_from(self, dataset: Any) -> bool:
        """Whether these are the pictures that it learns from, as far as is known."""
        known = self.trained_on.items()
        return all(dataset.identity[name] == value for name, value in known)

    def has_ended(self, asked: dict[str, Any]) -> bool:
        """Whether the run has been trained for as long as is asked, and its GAN is there.

        If `--stop` is asked for, a run that was stopped before has ended too.
        """
        unit = unit_of(asked)
        trained = self._read().get(f"trained_{unit}")
        is_stopped = bool(asked.get("stop") and self.reason)
        is_long_enough = trained == asked.get(unit) is not None
        return self.model.exists() and (is_stopped or is_long_enough)

    def position(self) -> backups.Position | None:
        """Where its newest intact backup was made; None where there is none.

        Raises:
            ValueError, OSError: if there are backups, and none of them can be read.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            backup = backups.find(self.backup)
        return backups.read_position(backup) if backup else None

    def is_being_prolonged(self) -> bool:
        """Whether a longer training is asked for than the GAN that is there has had."""
        try:
            description = self._read()
        except RunError:  # Nobody knows.
            return False
        asked = description.get("asked", {})
        unit = unit_of(asked)
        trained = description.get(f"trained_{unit}", asked.get(unit))
        is_stopped = bool(asked.get("stop") and self.reason)
        return self.model.exists() and trained != asked.get(unit) and not is_stopped

    def is_training(self) -> bool:
        """Whether a process trains it at the moment."""
        try:
            files.check_free(self.folder)
        except BlockingIOError:
            return True
        except OSError:  # A folder that cannot be written to.
            return False
        return False

    def begin(
        self,
        asked: dict[str, Any],
        class_names: Sequence[str] | None = None,
        value_range: tuple[float, float] | None = None,
        devices: dict[str, int] | None = None,
        **more: Any,
    ) -> None:
        """Writes down what was asked; and, the first time, of which data, with what, and when.

        Args:
            asked: as in `at`.
            class_names: what the classes of the data are called, in the order of their labels.
            value_range: the values of the data that become -1 and 1; None if all stay as they are.
            devices: on how many replicas, of how many workers, it now trains.
            **more: what else is worth knowing of it, as JSON can hold it.
        """
        versions, before = _versions(), self._read()
        if before.get("versions", versions) != versions:
            warnings.warn(
                f"The run was begun with {before['versions']}, and goes on with {versions}: what "
                "comes of it may differ in the last bits.",
                stacklevel=2,
            )
        data: dict[str, Any] = {"class_names": class_names, "value_range": value_range}
        data |= {"devices": devices} if devices else {}
        new = {"asked": asked, **data, "versions": versions}
        new |= {"started": _now(), f"trained_{unit_of(asked)}": 0}
        self._write(new | before | {"asked": asked, "stopped": None, **data, **more})

    def end(
        self,
        gan: GAN,
        asked: dict[str, Any] | None = None,
        epochs: int | None = None,
        reason: str | None = None,
    ) -> None:
        """Saves the GAN, and writes down that the run has ended.

        Args:
            gan: what was trained.
            asked: what was asked for, where the description may have been deleted meanwhile.
            epochs: how many epochs it has had, where it was stopped before its time.
            reason: why it was stopped, as of `EquilibriumStopping`; None if it was not.
        """
        with files.replacing(self.model) as beside:
            gan.save(beside)
        description = self._read() or {"asked": asked, "versions": _versions()}
        unit = unit_of(description["asked"])
        length = description["asked"][unit]
        if reason and epochs:
            length = epochs * (STEPS_PER_EPOCH if unit == "steps" else 1)
        ended = {f"trained_{unit}": length, "ended": _now(), "stopped": reason}
        self._write(description | ended | {"exported": []})

    def older_exports(self) -> list[str]:
        """The exports in the folder that were made of an earlier GAN of this run, their names."""
        if not self.model.exists():
            return []
        since = self.model.stat().st_mtime
        exports = [*self.folder.glob("generator*.*"), *self.folder.glob("generator/*")]
        files = [
            path
            for path in exports
            if path.suffix in (".keras", ".tflite", ".onnx") or path.is_dir()
        ]
        older = [path for path in files if path.stat().st_mtime < since]
        return sorted(path.relative_to(self.folder).as_posix() for path in older)

    def add_exports(self, formats: Iterable[str]) -> None:
        """Writes down to which formats the trained GAN was exported."""
        self._write(self._read() | {"exported": [*self.exported, *formats]})

    def evaluations(self) -> list[dict[str, Any]]:
        """What every `kgan evaluate` found, a list of dicts, the newest last."""
        if not self.evaluation.exists():
            return []
        try:
            return list(json.loads(self.evaluation.read_text())["evaluations"])
        except (ValueError, TypeError, KeyError) as error:
            raise RunError(
                f"{self.evaluation} is damaged ({type(error).__name__}: {error}). Nothing was "
                "touched; move it away."
            ) from None

    def add_evaluation(self, found: dict[str, Any]) -> None:
        """Writes down what an evaluation found, a dict, beside what older ones did."""
        with files.in_turn(self.folder):
            content = {"evaluations": [*self.evaluations(), found]}
            text = json.dumps(content, indent=2, ensure_ascii=False)
            files.write_atomically(self.evaluation, text.encode() + b"\n")

    def _read(self):
        if not self.description.exists():
            return {}
        try:
            description = json.loads(self.description.read_text())
            return description | {"asked": dict(description["asked"])}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunError(
                f"{self.description} is damaged ({type(error).__name__}: {error}), so that nobody "
                f"knows what was asked of this run. Nothing was touched. {self.model.name} and the "
                f"files in {self.backup.name}, if they are there, can still be drawn from: "
                f"kgan generate {self.model}. To train, choose another --output."
            ) from None

    def _write(self, description):
        files.write_atomically(self.description, json.dumps(description, indent=2).encode() + b"\n")


def unit_of(asked: dict[str, Any]) -> str:
    """What the length of a run is given in."""
    return "steps" if asked.get("steps") else "epochs"


def _versions():
    packages = ("tensorflow", "keras", "kgan")
    return {"python": platform.python_version()} | {
        package: importlib.metadata.version(package) for package in packages
    }


def _now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
