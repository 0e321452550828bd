"""What a command works on: its options, else `tinyprune.toml` in the working directory, else the bundled example."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyprune import paths
from tinyprune.errors import TinypruneError, unknown_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "tinyprune.toml"


@dataclass(frozen=True)
class Kind:
    """What a key may hold, called `name` in messages: one of `types`, in which, if it is a list or a table, are only
    values of the kind `of`."""

    name: str
    types: tuple[type, ...]
    of: Kind | None = None

    def fits(self, value: Any) -> bool:
        """TOML's true and false are no numbers, though Python's are."""
        if not isinstance(value, self.types) or isinstance(value, bool):
            return False
        values: Any = getattr(value, "values", lambda: value)()
        return self.of is None or all(self.of.fits(one) for one in values)


TEXT = Kind("a text", (str,))
WHOLE = Kind("a whole number", (int,))
NUMBER = Kind("a number", (int, float))
TEXTS = Kind("a list of texts", (list,), TEXT)
TABLE = Kind("a table", (dict,))
NUMBERS = Kind("a table of numbers", (dict,), NUMBER)
KEYS: dict[str, Kind] = {
    "model": TEXT,
    "data": TEXT,
    "sparsity": NUMBER,
    "board": TEXT,
    "prune": TABLE,
    "pipeline": TABLE,
}
PRUNE_KEYS: dict[str, Kind] = {
    "sparsity": NUMBER,
    "criterion": TEXT,
    "granularity": TEXT,
    "scope": TEXT,
    "schedule": TEXT,
    "epochs": WHOLE,
    "learning_rate": NUMBER,
    "distillation": NUMBER,
    "min_density": NUMBER,
    "min_channels": WHOLE,
    "round_to": WHOLE,
    "exclude": TEXTS,
    "layers": NUMBERS,
    "seed": WHOLE,
    "checkpoint": TEXT,
}
STAGE_KEYS = {**PRUNE_KEYS, "teacher": TEXT}


@dataclass(frozen=True)
class PruningJob:
    """`options` are arguments of `tinyprune.prune`; where there are `stages`, those of `compress` instead."""

    model: Path
    data: str | None
    options: dict[str, Any]
    stages: dict[str, dict[str, Any]]


UNITS = {"K": 1 << 10, "M": 1 << 20}


@dataclass(frozen=True)
class Job:
    model: Path
    board: str
    data: str | None
    sparsity: float

    @property
    def output(self) -> Path:
        """The default build directory, in the working directory."""
        return Path("build") / f"{self.model.stem}-{Path(self.board).stem}"


def job(
    model: Path | None, board: str | None, data: str | None, sparsity: float | None, note: Callable[[str], None]
) -> Job:
    """The job that the options describe; what they leave out comes from the project file where no model is given."""
    settings = _settings(model, note)
    board = board or settings.get("board")
    if board is None:
        raise TinypruneError("no board given", remedy="give --board NAME; `tinyprune boards` lists them")
    return Job(
        model=model or Path(settings["model"]),
        board=board,
        data=data or settings.get("data"),
        sparsity=sparsity if sparsity is not None else float(settings.get("sparsity", 0.0)),
    )


def pruning_job(
    model: Path | None, data: str | None, options: Mapping[str, Any], note: Callable[[str], None]
) -> PruningJob:
    """What `tinyprune prune` does: its options, else those of the project file where no model is given.

    There they are keys of the table `prune`; its `sparsity` is that of the whole file if it has none of its own. A file
    with a table `pipeline` has the options of each of its stages there.
    """
    settings = _settings(model, note)
    if "pipeline" in settings:
        return _pipeline_job(settings, data, options)
    saved = settings.get("prune", {})
    if "sparsity" in settings:
        saved = {"sparsity": settings["sparsity"], **saved}
    given = {key: value for key, value in options.items() if value not in (None, [], {})}
    return PruningJob(model or Path(settings["model"]), data or settings.get("data"), {**saved, **given}, {})


def _pipeline_job(settings: Mapping[str, Any], data: str | None, options: Mapping[str, Any]) -> PruningJob:
    if not settings["pipeline"]:
        raise TinypruneError(f"{FILE} has a [pipeline] without stages", remedy="add one, as [pipeline.unstructured]")
    given = [key for key, value in options.items() if value not in (None, [], {}) and key != "seed"]
    if given or "prune" in settings:
        what = f"--{given[0].replace('_', '-')}" if given else "the table [prune]"
        raise TinypruneError(
            f"{FILE} has a [pipeline], whose stages have options of their own: {what} is for none of them",
            remedy="put it into a stage, or give the model to prune by options alone",
        )
    seed = {"seed": options["seed"]} if options.get("seed") is not None else {}
    return PruningJob(Path(settings["model"]), data or settings.get("data"), seed, settings["pipeline"])


def _settings(model: Path | None, note: Callable[[str], None]) -> dict[str, Any]:
    """Those of the project file, or of the bundled example; none if a model is given."""
    if model is not None:
        return {}
    file = Path(FILE)
    if not file.is_file():
        file = paths.example() / FILE
        note(f"no model given and no {FILE} here: the bundled example, {paths.example().name}")
    settings = _read(file)
    if "model" not in settings:
        raise TinypruneError(f"{file} names no model", remedy='add a line: model = "FILE.keras"')
    return settings


def size(text: str) -> int:
    """A number of bytes: 65536, 64K or 1M. Raises TinypruneError for anything else."""
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].upper() in UNITS else (text, "")
    if not number.isdecimal():
        raise TinypruneError(f"'{text}' is not a number of bytes", remedy="give 65536, 64K or 1M")
    return int(number) * UNITS.get(unit, 1)


def _read(file: Path) -> dict[str, Any]:
    """The settings in a project file; model and data are taken as relative to it."""
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TinypruneError(f"cannot read {file}: {error}") from error
    _check(settings, KEYS, str(file))
    _check(settings.get("prune", {}), PRUNE_KEYS, f"{file}, [prune]")
    stages = settings.get("pipeline", {})
    _check(stages, dict.fromkeys(stages, TABLE), f"{file}, [pipeline]")
    for name, stage in stages.items():
        _check(stage, STAGE_KEYS, f"{file}, [pipeline.{name}]")
        if "teacher" in stage:
            stage["teacher"] = str(file.parent / stage["teacher"])
    for key in ("model", "data"):
        if key in settings and ":" not in settings[key]:
            settings[key] = str(file.parent / settings[key])
    return settings


def _check(settings: Mapping[str, Any], keys: Mapping[str, Kind], where: str) -> None:
    for key, value in settings.items():
        if key not in keys:
            raise unknown_name(f"key in {where}", key, keys)
        if not keys[key].fits(value):
            raise TinypruneError(f"{where}: {key} is {value!r}", remedy=f"it must be {keys[key].name}")
