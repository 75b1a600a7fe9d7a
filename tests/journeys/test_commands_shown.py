"""docs/commands-shown.md: every command in each place, by each role, and in each state of a run.

Each test makes one section of the page from one world. A command that spoils the state for the next one is followed by
the command that takes it back, by an admin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

from bot.cli.stop_command import stop_in
from bot.core.command_table import BUTTONS, COMMANDS, ROWS
from bot.core.names import CHECK_GATE, CHECK_REASONING, HOLD_LABEL, STOP_LABEL, IssueNumber
from bot.core.states import RunState
from bot.ledger.entries import RunEntry
from tests.journeys.world import BODY, OUTSIDER, OWNER, TITLE, WRITER, World
from tests.shown.commands import Seen, committed, section, write

S = RunState
TRIAGER, OTHER_APP, CADENCE = "tina", "another-app", "Cadence itself"
ROLES = {"admin": OWNER, "writer": WRITER, "triager": TRIAGER, "reader": OUTSIDER, "a bot": OTHER_APP}
ALLOWED = {"anyone": set(ROLES), "triage": {"admin", "writer", "triager"}, "write": {"admin", "writer"}}
ARGUMENTS = {"use": " README.md", "hold": " until Monday"}
LINES = {row.verb: f"/cadence {row.verb}{ARGUMENTS.get(row.verb, '')}" for row in COMMANDS}
REACTIONS = {"eyes": "👀", "rocket": "🚀", "confused": "😕"}
QUARTER = 1000.0
"""Seconds between two commands: Cadence answers a reader four times an hour."""
TITLES = (
    "A comment on the issue, pull request open",
    "A comment on the pull request",
    "An edit that puts the command into a comment",
    "Buttons, Re-run, labels, reviews and the terminal",
    "Each state of a run, a writer's comment on the issue",
)


@dataclass
class Before:
    """What was there before a command."""

    run: RunEntry | None
    runs: int
    headline: str
    replies: int
    reviews: int


class Watched:
    """One world, and what is seen in it from outside."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.script_all()
        world.github.create_user(TRIAGER)
        world.repo.add_collaborator(TRIAGER, "triage")
        other = world.github.create_app(OTHER_APP, {"issues": "write", "pull_requests": "write"}, [])
        world.github.install(other, world.repo)
        self.logins = {**ROLES, "a bot": other.bot_login, CADENCE: world.app.bot_login}

    def open_pull(self, title: str = TITLE) -> int:
        """An issue whose run waits at the gate for a check that goes on."""
        issue = self.world.label_blueprint(title)
        self.world.ci(None)
        return issue

    def run(self, issue: int) -> RunEntry | None:
        return self.world.ledger.latest_run(self.world.repo.id, IssueNumber(issue))  # type: ignore[arg-type]

    def headline(self, issue: int) -> str:
        found = [body for body in self.world.bot_comments(issue) if "cadence:status" in body]
        if not found:
            return ""
        bold = next(line for line in found[0].splitlines() if line.startswith("**"))
        more = [line for line in found[0].splitlines() if "next plan is made with" in line or "**On hold:**" in line]
        return " ".join([bold.strip("*"), *more]).replace("\u200b", "")

    def reviews(self, issue: int) -> int:
        run = self.run(issue)
        return len(self.world.checks(CHECK_REASONING, run.head_sha)) if run is not None and run.head_sha else 0

    def before(self, issue: int, place: int) -> Before:
        runs = len(self.world.runs(issue))
        replies = len(self.world.bot_comments(place))
        return Before(self.run(issue), runs, self.headline(issue), replies, self.reviews(issue))

    def seen(self, issue: int, place: int, was: Before, *, by: str = "", now: Before | None = None) -> Seen:
        """What a command led to; `by` is who commented, where there is a comment. `now` is when it was looked at."""
        world = self.world
        now = now or self.before(issue, place)
        mine = [one for one in world.repo.issue(place).comments if one.user.login == by]
        given = {content for _, content in mine[-1].reactions} if mine else set()
        parts = ["".join(sign for name, sign in REACTIONS.items() if name in given)]
        state = now.run.state if now.run is not None else None
        then = was.run.state if was.run is not None else None
        if state is not then:
            parts.append(f"`{then or 'no run'}` → `{state}`")
        new_run = now.runs > was.runs
        parts.append("a new run" if new_run else "")
        parts.append("reviewed again" if was.reviews and not new_run and now.reviews > was.reviews else "")
        parts.append(f"“{now.headline}”" if now.headline != was.headline else "")
        new = [body for body in world.bot_comments(place)[was.replies :] if "<!-- cadence:answer" in body]
        assert len(new) <= 1, new
        return Seen("; ".join(filter(None, parts)), new[0] if new else "")

    def give(self, issue: int, place: int, text: str, by: str) -> Seen:
        """A comment, as a person writes it."""
        self.world.clock.advance(QUARTER)
        self.world.settle()
        was = self.before(issue, place)
        self.world.comment(place, text, by=by)
        return self.seen(issue, place, was, by=by)

    def restore(self, issue: int) -> None:
        """Back to an open pull request whose run is neither held nor stopped."""
        if self.world.state(issue) in (S.HELD, S.STOPPED):
            self.world.comment(issue, "/cadence resume", by=OWNER)
        run = self.run(issue)
        assert run is not None and run.state is S.GATED, run


def must_be_shown(title: str, made: str, config: pytest.Config) -> None:
    if config.getoption("--write-commands-shown"):
        write({title: made}, TITLES)
    assert committed().get(title) == made, "docs/commands-shown.md is out of date: run `make commands-shown`"


def must_be_as_the_table_says(cells: dict[str, dict[str, Seen]]) -> None:
    """Refused exactly where the table of commands does not allow it; nothing at all for bots."""
    for name, row in cells.items():
        command = ROWS[name.strip("`").split()[1]]
        for role, seen in row.items():
            if role in ("a bot", CADENCE):
                assert seen == Seen(""), (name, role, seen)
                continue
            refused = f"`/cadence {command.verb}` needs" in seen.reply
            assert refused == (role not in ALLOWED[command.who] and not command.later), (name, role, seen)
            assert seen != Seen(""), (name, role)
            if refused:
                assert "→" not in seen.outcome and "new run" not in seen.outcome, (name, role, seen)


def by_roles(watched: Watched, issue: int, place: int, roles: Iterable[str]) -> dict[str, dict[str, Seen]]:
    cells: dict[str, dict[str, Seen]] = {f"`{line}`": {} for line in LINES.values()}
    for role in roles:
        for line in LINES.values():
            cells[f"`{line}`"][role] = watched.give(issue, place, line, watched.logins[role])
            watched.restore(issue)
    must_be_as_the_table_says(cells)
    return cells


@pytest.mark.parametrize("title", TITLES[:2])
def test_each_command_by_each_role(world: World, pytestconfig: pytest.Config, title: str) -> None:
    watched = Watched(world)
    issue = watched.open_pull()
    place = issue if title == TITLES[0] else world.pull().number
    columns = [*ROLES, CADENCE]
    must_be_shown(title, section(title, columns, by_roles(watched, issue, place, columns)), pytestconfig)


def test_each_command_that_an_edit_gives(world: World, pytestconfig: pytest.Config) -> None:
    """The author edits a comment without a command; the last column is a writer who edits a reader's comment."""
    watched, title, other = Watched(world), TITLES[2], "a writer, into a reader's comment"
    issue = watched.open_pull()
    columns = ["writer", "triager", "reader", other]
    cells: dict[str, dict[str, Seen]] = {f"`{line}`": {} for line in LINES.values()}
    for column in columns:
        author = OUTSIDER if column == other else watched.logins[column]
        editor = WRITER if column == other else author
        for line in LINES.values():
            world.clock.advance(QUARTER)
            comment = world.repo.comment(issue, "I think so.", by=author)
            world.settle()
            was = watched.before(issue, issue)
            world.clock.advance(2)
            world.repo.edit_comment(comment, line, by=editor)
            world.settle()
            cells[f"`{line}`"][column] = watched.seen(issue, issue, was, by=author)
            watched.restore(issue)
    assert {row.pop(other) for row in list(map(dict, cells.values()))} == {Seen("")}
    must_be_as_the_table_says({name: {c: s for c, s in row.items() if c != other} for name, row in cells.items()})
    must_be_shown(title, section(title, columns, cells), pytestconfig)


def test_each_way_without_a_comment(world: World, pytestconfig: pytest.Config) -> None:
    watched, title = Watched(world), TITLES[3]
    issue = watched.open_pull()
    number = world.pull().number
    world.later()
    roles = ["admin", "writer", "triager", "reader"]
    review = "`/cadence hold` as the text of a review, or beside a line"
    cells: dict[str, dict[str, Seen]] = {}

    def did(name: str, role: str, act: Callable[[], object], place: int = number) -> None:
        world.clock.advance(QUARTER)
        world.settle()
        was = watched.before(issue, place)
        act()
        world.settle()
        cells.setdefault(name, dict.fromkeys(roles, Seen("not offered by GitHub")))[role] = watched.seen(
            issue, place, was
        )

    for role in roles:
        login = ROLES[role]
        for verb, label, _ in BUTTONS:
            gate = world.checks(CHECK_GATE)[-1]
            did(f"button *{label}*", role, lambda g=gate, v=verb, who=login: world.repo.press_button(g, v, by=who))  # type: ignore[misc]
            world.ci(None)
        if role in ("admin", "writer"):
            check = world.checks(CHECK_REASONING)[-1]
            did("GitHub's *Re-run*", role, lambda c=check, who=login: world.repo.rerequest_check_run(c, by=who))  # type: ignore[misc]
        if role != "reader":
            for where, target in (("issue", issue), ("pull request", number)):
                for label in (HOLD_LABEL, STOP_LABEL):
                    put, off = f"label `{label}` put on the {where}", f"label `{label}` taken off the {where}"
                    did(put, role, lambda t=target, n=label, who=login: world.repo.label(t, n, by=who), target)  # type: ignore[misc]
                    did(off, role, lambda t=target, n=label, who=login: world.repo.unlabel(t, n, by=who), target)  # type: ignore[misc]
                    watched.restore(issue)
        did(review, role, lambda who=login: in_a_review(world, number, who))  # type: ignore[misc]
    operator = "the operator"
    for row in cells.values():
        row[operator] = Seen("–")
    stop = "`cadence stop olive/greet#N` in a terminal"
    cells[stop] = dict.fromkeys(roles, Seen("–"))
    was = watched.before(issue, issue)
    assert len(stop_in(world.ledger, "olive/greet", issue, world.clock.now())) == 1
    world.sweep()
    cells[stop][operator] = watched.seen(issue, issue, was)
    assert "`stopped`" in cells[stop][operator].outcome
    assert all(cells[review][role] == Seen("") for role in roles)
    assert all("reviewed again" in cells["GitHub's *Re-run*"][role].outcome for role in ("admin", "writer"))
    for role in ("admin", "writer", "triager"):
        assert "→ `held`" in cells[f"label `{HOLD_LABEL}` put on the issue"][role].outcome
        stays = "→ `gated`" not in cells[f"label `{HOLD_LABEL}` taken off the issue"][role].outcome
        assert stays == (role == "triager")
    must_be_shown(title, section(title, [*roles, operator], cells), pytestconfig)


def in_a_review(world: World, number: int, login: str) -> None:
    beside = [{"path": "greet.py", "line": 3, "side": "RIGHT", "body": "/cadence hold"}]
    world.repo.submit_review(number, by=login, event="COMMENT", body="/cadence hold", comments=beside)


def no_run(watched: Watched) -> int:
    return watched.world.repo.file_issue(TITLE, BODY, by=OWNER)


def waiting(watched: Watched) -> int:
    return watched.world.label_blueprint(author=OUTSIDER, by=WRITER)


def planning(watched: Watched) -> int:
    """As while the model is asked: the build has begun and has not come further."""
    world = watched.world
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.repo.label(issue, "blueprint", by=OWNER)
    world.github.flush()
    while world.drainer.hand_over():
        world.github.flush()
    world.ledger.move(world.run(issue).run_id, S.PLANNING)
    return issue


def held(watched: Watched) -> int:
    issue = watched.open_pull()
    watched.world.comment(issue, "/cadence hold", by=OWNER)
    return issue


def stopped(watched: Watched) -> int:
    issue = watched.open_pull()
    watched.world.comment(issue, "/cadence stop", by=OWNER)
    return issue


def merged(watched: Watched) -> int:
    world = watched.world
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.end_state(issue) is S.MERGED
    return issue


STATES: dict[str, tuple[RunState | None, Callable[[Watched], int]]] = {
    "no run": (None, no_run),
    "`waiting: approval`": (S.WAITING_APPROVAL, waiting),
    "`planning`": (S.PLANNING, planning),
    "`held`": (S.HELD, held),
    "`stopped`": (S.STOPPED, stopped),
    "`merged`": (S.MERGED, merged),
}


def test_each_command_in_each_state(world: World, pytestconfig: pytest.Config) -> None:
    watched, title = Watched(world), TITLES[4]
    cells: dict[str, dict[str, Seen]] = {f"`{line}`": {} for line in LINES.values()}
    for name, (wanted, make) in STATES.items():
        issue = make(watched)
        for line in LINES.values():
            run = watched.run(issue)
            asked = world.ledger.steering(world.repo.id, IssueNumber(issue))  # type: ignore[arg-type]
            spoilt = run is None or run.state is not wanted or len(world.runs(issue)) > 1
            if wanted is not None and (spoilt or bool(asked.held_by) != (wanted is S.HELD)):
                issue = make(watched)
            cells[f"`{line}`"][name] = (
                at_the_delivery(watched, issue, line)
                if wanted is S.PLANNING
                else watched.give(issue, issue, line, WRITER)
            )
    ends = cells["`/cadence stop`"]
    assert all("→ `stopped`" in ends[f"`{state}`"].outcome for state in ("waiting: approval", "planning", "held"))
    assert all("→" not in row["`merged`"].outcome for row in cells.values())
    must_be_shown(title, section(title, list(STATES), cells), pytestconfig)


def at_the_delivery(watched: Watched, issue: int, line: str) -> Seen:
    """The state directly after the command, while the build has not come further; the rest when all is quiet."""
    world = watched.world
    was = watched.before(issue, issue)
    world.clock.advance(2)
    world.repo.comment(issue, line, by=WRITER)
    world.github.flush()
    while world.drainer.hand_over():
        pass
    now = watched.before(issue, issue)
    world.settle()
    return watched.seen(issue, issue, was, by=WRITER, now=now)
