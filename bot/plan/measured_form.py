"""The form of answer in which a model was measured to plan better, kept in the data directory for every process.

`cadence selftest planner --form both` measures it. Each pair of server and model has a file of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.core.names import sha256
from bot.llm.model import ModelKind
from bot.llm.model_settings import ModelSettings
from bot.llm.whole_file import write_whole
from bot.plan.answer_form import FORMS, Form

FOLDER = Path("models", "forms")
VERSION = 1
DEFAULT: Form = "text"
"""Asked for where nothing was measured."""


@dataclass(frozen=True, slots=True)
class FormFigures:
    """One form on the tasks that were answered in both forms; `tokens` are read and written ones."""

    format_refusals: int
    done: int
    tokens: int


@dataclass(frozen=True, slots=True)
class MeasuredForm:
    """The better form of one model, on how many tasks it is so, when it was measured (ISO 8601), and who answered."""

    form: Form
    tasks: int
    at: str
    answered: str
    figures: Mapping[Form, FormFigures]

    def told(self) -> str:
        """When, on what and with which result, in one line."""
        each = "; ".join(
            f"{form}: {one.format_refusals} refused for their form, {one.done} done, {one.tokens:,} tokens"
            for form, one in self.figures.items()
        )
        return f"measured {self.at[:10]} on {self.tasks} tasks ({each})"


def plan_form(settings: ModelSettings, directory: Path) -> Form:
    """The form in which the planning model is asked: as the setting says, else the better one, else text."""
    if settings.model_plan_form != "auto":
        return settings.model_plan_form
    found = measured_form(settings, directory)
    return found.form if found is not None else DEFAULT


def measured_form(settings: ModelSettings, directory: Path) -> MeasuredForm | None:
    """What was measured of the configured planning model; None where nothing was, or there is no model.

    Reads the file each time, because the self test may run while the service does.
    """
    server = settings.model_server(ModelKind.PLAN)
    if server is None:
        return None
    name = settings.model_role(ModelKind.PLAN).name
    try:
        kept = json.loads(_path(directory, server.name, name).read_text("utf-8"))
    # A missing or damaged file costs the measurement, and must not stop a plan.
    except (OSError, ValueError):
        return None
    fits = isinstance(kept, dict) and (kept.get("version"), kept.get("server"), kept.get("model")) == (
        VERSION,
        server.name,
        name,
    )
    return _read(kept) if fits else None


def keep_form(settings: ModelSettings, directory: Path, measured: MeasuredForm) -> None:
    """Keep the better form of the configured planning model. Raises OSError where the directory cannot be written."""
    server = settings.model_server(ModelKind.PLAN)
    assert server is not None, "a model without a server was measured"
    name = settings.model_role(ModelKind.PLAN).name
    entry = {"version": VERSION, "server": server.name, "model": name, **asdict(measured)}
    write_whole(_path(directory, server.name, name), json.dumps(entry, indent=2, ensure_ascii=False) + "\n")


def _read(kept: Mapping[str, Any]) -> MeasuredForm | None:
    """What the file says; None where a person or another version wrote something else."""
    try:
        figures = {form: FormFigures(**kept["figures"][form]) for form in FORMS}
        found = MeasuredForm(kept["form"], kept["tasks"], str(kept["at"]), str(kept["answered"]), figures)
    except (KeyError, TypeError):
        return None
    numbers = [found.tasks, *(number for one in figures.values() for number in asdict(one).values())]
    return found if found.form in FORMS and all(type(number) is int for number in numbers) else None


def _path(directory: Path, server: str, model: str) -> Path:
    return directory / FOLDER / f"{sha256(f'{server} {model}')[:32]}.json"
