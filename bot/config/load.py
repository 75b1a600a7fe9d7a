"""Reads `.github/cadence.yml` at one commit. The file is absent, invalid or valid."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from bot.config.model import RepoConfig
from bot.config.semantics import semantic_errors
from bot.config.values import value_hint
from bot.config.yaml_text import Path, Places, YamlInvalid, dotted, place_of, read_yaml
from bot.core.errors import ConfigInvalid
from bot.core.names import CONFIG_PATH, Digest, sha256

MOST_KEPT = 64
"""Usable files kept parsed, those used last. A file has at most 100,000 characters (`yaml_text`)."""


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """`config` is None exactly when `error` says why it cannot be used. `digest` names the bytes read."""

    digest: Digest
    config: RepoConfig | None
    error: ConfigInvalid | None = None
    present: bool = True

    def require_config(self) -> RepoConfig:
        """The configuration, or the error raised."""
        if self.config is None:
            raise self.error or ConfigInvalid(f"{CONFIG_PATH} could not be read")
        return self.config


def read_config(content: bytes | None) -> LoadedConfig:
    """The config that the file's bytes mean; None means that there is no such file, and so the defaults.

    Never raises for what the file says: a file that cannot be used is a `LoadedConfig` with its error. Equal bytes are
    parsed once: the models are frozen, so every caller may hold the same one.
    """
    if content is None:
        return LoadedConfig(config_digest(None), RepoConfig(), present=False)
    try:
        return _valid(content)
    except UnicodeDecodeError as error:
        wrong = ConfigInvalid(f"{CONFIG_PATH} is not UTF-8 text ({error.reason} at byte {error.start})")
        return LoadedConfig(config_digest(content.decode("latin-1")), None, wrong)
    except ConfigInvalid as error:
        return LoadedConfig(config_digest(content.decode("utf-8")), None, error)


# One merge reads the file about 23 times: at the base, at the head and at each step. The cache is shared by threads and
# keeps no exception, so an invalid file is read again each time and its error, which is raised, is always a new one.
# https://docs.python.org/3/library/functools.html#functools.lru_cache
@lru_cache(maxsize=MOST_KEPT)
def _valid(content: bytes) -> LoadedConfig:
    """A usable file. Raises UnicodeDecodeError or ConfigInvalid."""
    text = content.decode("utf-8")
    return LoadedConfig(config_digest(text), load_config(text))


_RULE_TYPES = ("forbid", "require", "max_lines")


def load_config(text: str) -> RepoConfig:
    """The configuration that a text means.

    Raises ConfigInvalid; its `details` name line, column, key, fault and what is allowed, one line for each mistake.
    """
    try:
        data, places = read_yaml(text)
    except YamlInvalid as error:
        raise _invalid([str(error.mistake)]) from None
    if data is None:
        return RepoConfig()
    if not isinstance(data, dict):
        raise _invalid(["line 1, column 1: the file must be a mapping of keys"])
    try:
        # As JSON, because strict mode takes a list for a tuple only there.
        # https://docs.pydantic.dev/latest/concepts/conversion_table/
        config = RepoConfig.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise _invalid([_mistake(one, places) for one in error.errors()]) from None
    except ValueError as error:
        raise _invalid([f"line 1, column 1: a number cannot be read: {error}"]) from None
    mistakes = list(semantic_errors(config, places))
    if mistakes:
        raise _invalid(mistakes)
    return config


def config_digest(text: str | None) -> Digest:
    """The name under which evidence is filed: sha256 of the file's text, or of the fact that there is none."""
    return sha256("absent" if text is None else f"present\n{text}")


def _invalid(details: list[str]) -> ConfigInvalid:
    return ConfigInvalid(
        f"{CONFIG_PATH} cannot be used: {details[0]}" + (f" (and {len(details) - 1} more)" if len(details) > 1 else ""),
        remedy="Correct the file on the base branch; docs/maintainers.md lists every key.",
        details=details,
    )


def _place(places: Places, path: Path) -> str:
    """Where a path is, or its nearest parent."""
    line, column = place_of(places, path)
    return f"line {line}, column {column}"


def _mistake(error: Any, places: Places) -> str:
    """One fault in a reader's words. The discriminator of a rule is in pydantic's path and not in the file."""
    path: Path = tuple(part for part in error["loc"] if part not in _RULE_TYPES or (part,) in places)
    key = dotted(path)
    where = _place(places, path)
    if error["type"] == "extra_forbidden":
        allowed = _keys_at(error["loc"][:-1])
        near = difflib.get_close_matches(str(path[-1]), allowed, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        return f"{where}: {key}: unknown key.{hint} Allowed: {', '.join(allowed)}"
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        given = (error.get("ctx") or {}).get("tag", "none")
        return f"{where}: {key}: unknown rule type `{given}`. Allowed: {', '.join(_RULE_TYPES)}"
    if error["type"] == "missing":
        return f"{where}: {key}: this key is needed"
    if error["type"] == "literal_error":
        given, choice = (_as_in_yaml(text) for text in (repr(error["input"]), error["ctx"]["expected"]))
        return f"{where}: {key}: {given} is not allowed. Allowed: {choice}"
    hint = value_hint(error)
    return f"{where}: {key}: {error['msg'][0].lower()}{error['msg'][1:]}" + (f"; {hint}" if hint else "")


def _as_in_yaml(text: str) -> str:
    return re.sub(r"\b(True|False|None)\b", lambda word: {"None": "null"}.get(word[0], word[0].lower()), text)


def _keys_at(path: Path) -> list[str]:
    """The keys that are allowed at a path of pydantic's, where a rule's type chooses its keys."""
    models: list[type[BaseModel]] = [RepoConfig]
    for part in path:
        if isinstance(part, int):
            continue
        if len(models) > 1:
            models = [model for model in models if part in get_args(model.model_fields["type"].annotation)] or models
            continue
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        models = [inner for field in fields for inner in _models_in(field.annotation)] or models
    return list(dict.fromkeys(key for model in models for key in model.model_fields))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a field holds, itself or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None:
        for inner in get_args(annotation):
            yield from _models_in(inner)
