"""The self test's changes: a base, a blueprint, a clean change, and clean or defective variants of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.changeset.files_tree import Files
from bot.review.review_kinds import ReviewKind
from bot.review.selftest.changes import git_diff

_CASE = frozenset({"title", "blueprint", "plan", "base", "change", "clean", "defects"})
_CLEAN = frozenset({"name", "edits"})
_DEFECT = frozenset({"name", "kind", "reviewer", "paths", "edits", "blueprint_adds", "plan_adds"})


@dataclass(frozen=True, slots=True)
class Seed:
    """One change to be judged. `defect` is what kind of defect it has, empty for a clean one.

    `reviewers` are those that have to find the defect, or to approve a clean change. `paths` are
    the files that a finding must name; without any, a rejection is enough.
    """

    name: str
    defect: str
    reviewers: frozenset[ReviewKind]
    title: str
    blueprint: str
    plan: str
    before: Files = field(repr=False)
    after: Files = field(repr=False)
    paths: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether a reviewer should approve."""
        return not self.defect

    @property
    def diff(self) -> str:
        """The change as git shows it."""
        return git_diff(self.before, self.after)


def read_case(case: str, data: Mapping[str, Any]) -> tuple[Seed, ...]:
    """The seeds of one case: its clean change, the other clean ones, then the defects.

    Raises ValueError for a key that is unknown, an edit that does not fit exactly once, and a change of nothing.
    """
    _only(case, data, _CASE)
    before = dict(data["base"])
    after = {**before, **data["change"]}
    plain = Seed(
        name=f"{case}: as asked",
        defect="",
        reviewers=frozenset(ReviewKind),
        title=data["title"],
        blueprint=data["blueprint"],
        plan=data["plan"],
        before=before,
        after=after,
    )
    seeds = [plain, *_others(case, plain, data.get("clean", ())), *_defects(case, plain, data.get("defects", ()))]
    for seed in seeds:
        _check(seed)
    return tuple(seeds)


def _others(case: str, plain: Seed, rows: Sequence[Mapping[str, Any]]) -> Iterator[Seed]:
    for row in rows:
        _only(case, row, _CLEAN)
        yield _variant(plain, f"{case}: {row['name']}", row["edits"])


def _defects(case: str, plain: Seed, rows: Sequence[Mapping[str, Any]]) -> Iterator[Seed]:
    for row in rows:
        _only(case, row, _DEFECT)
        yield _variant(
            plain,
            f"{case}: {row['name']}",
            row["edits"],
            defect=row["kind"],
            reviewers=frozenset({ReviewKind(row["reviewer"])}),
            paths=tuple(row.get("paths", ())),
            blueprint=plain.blueprint + row.get("blueprint_adds", ""),
            plan=plain.plan + row.get("plan_adds", ""),
        )


def _variant(plain: Seed, name: str, edits: Sequence[Mapping[str, str]], **changed: Any) -> Seed:
    after = dict(plain.after)
    for edit in edits:
        path, old = edit["path"], edit["old"]
        # An edit that fits nowhere would leave the clean change, counted as a defect that was missed.
        if after.get(path, "").count(old) != 1:
            raise ValueError(f"{name}: {old!r} does not occur exactly once in {path}")
        after[path] = after[path].replace(old, edit["new"])
    same: dict[str, Any] = {field: getattr(plain, field) for field in Seed.__dataclass_fields__}
    return Seed(**{**same, **changed, "name": name, "after": after})


def _check(seed: Seed) -> None:
    if not seed.diff:
        raise ValueError(f"{seed.name}: nothing changes")
    for path, text in (*seed.before.items(), *seed.after.items()):
        # `git_diff` does not write the line `\ No newline at end of file`.
        if not text.endswith("\n"):
            raise ValueError(f"{seed.name}: {path} does not end with a newline")
    for path in seed.paths:
        if seed.before.get(path) == seed.after.get(path):
            raise ValueError(f"{seed.name}: {path} does not change")


def _only(case: str, row: Mapping[str, Any], allowed: frozenset[str]) -> None:
    strange = sorted(set(row) - allowed)
    if strange:
        raise ValueError(f"{case}: unknown keys {', '.join(strange)}")
