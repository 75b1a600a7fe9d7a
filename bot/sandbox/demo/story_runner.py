"""Runs one story: files the blueprint, follows what Cadence does, and comments as a maintainer would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

from bot.core.clock import Clock
from bot.core.names import CHECK_GATE, OWN_CHECKS, TRIGGER_LABEL
from bot.sandbox.demo.claims import Claim, Rejection, check_claims
from bot.sandbox.demo.embedded import CADENCE_SLUG, OWNER
from bot.sandbox.demo.environment import DemoEnvironment
from bot.sandbox.demo.progress import BAD, GOOD, Progress
from bot.sandbox.demo.repository_view import Seen, SeenCheck, SeenPull
from bot.sandbox.demo.story_parts import Story

POLL_SECONDS = 0.15
AFTERMATH_SECONDS = 15.0
_ENDED = ("refused", "needs-human", "stopped", "stopped-budget", "blocked", "reverted")
_DONE = ("merged", "watching")
_REVIEWS = tuple(name for name in OWN_CHECKS if name != CHECK_GATE)


class StoryFailed(Exception):
    """The story did not end in time; the text says what was waited for and what was there instead."""


@dataclass(frozen=True)
class StoryResult:
    """How a story ended. `calls` are GitHub calls, content-creating ones among them, and scripted model answers."""

    story: Story
    seen: Seen
    claims: tuple[Claim, ...]
    rejection: Rejection | None
    calls: tuple[int, int, int]

    @property
    def as_expected(self) -> bool:
        return all(claim.holds for claim in self.claims)


class StoryRunner:
    """Runs stories one after another; `timeout` is the seconds that one may take."""

    def __init__(
        self, environment: DemoEnvironment, progress: Progress, clock: Clock, *, timeout: float, show_urls: bool = False
    ) -> None:
        self._environment = environment
        self._progress = progress
        self._clock = clock
        self._timeout = timeout
        self._show_urls = show_urls
        self._end = 0.0
        self._shown: dict[str, str] = {}

    def run(self, story: Story, *, sample: bool = True) -> StoryResult:
        """From filing the blueprint to its end. Raises StoryFailed and ServeFailed."""
        self._end = self._clock.monotonic() + self._timeout
        self._shown = {}
        before = self._environment.calls()
        number = self._file(story)
        answers = story.guidance is not None
        seen = self._follow(
            story,
            number,
            lambda now: (answers and _rejected(now)) or _over(now, answers=answers) or (not sample and is_blocked(now)),
        )
        rejection = None
        if answers and _rejected(seen):
            rejection = self._answer_rejection(story, seen)
            old = seen.status
            seen = self._follow(story, number, lambda now: now.status != old and _over(now))
        seen, checked = self._check_claims(story, number, rejection, sample=sample)
        if story.refused:
            checked = (*checked, self._refusal(story, number))
        counts = tuple(now - then for now, then in zip(self._environment.calls(), before, strict=True))
        return StoryResult(story, seen, checked, rejection, (counts[0], counts[1], counts[2]))

    def _file(self, story: Story) -> int:
        repository = self._environment.repository
        number = repository.file_issue(story.title, story.body, by=OWNER)
        self._stage(story, f"{OWNER} files blueprint #{number}: {story.title}")
        if self._show_urls:
            self._stage(story, f"{self._environment.url}/{repository.full_name}/issues/{number}")
        repository.label(number, TRIGGER_LABEL, by=OWNER)
        self._stage(story, f"{OWNER} labels it `{TRIGGER_LABEL}`")
        return number

    def _refusal(self, story: Story, number: int) -> Claim:
        """The first plan was refused with the code that the story names, and the ledger says so."""
        refused = self._environment.serve.refusals(number)
        for attempt, codes in enumerate(refused, 1):
            self._stage(story, f"attempt {attempt} at a plan was refused: {', '.join(codes)}", style=BAD)
        return Claim(
            f"the first plan was refused: {story.refused}",
            bool(refused) and story.refused in refused[0],
            str(refused),
        )

    def _answer_rejection(self, story: Story, seen: Seen) -> Rejection:
        """Keep what the rejection looked like, and answer it as a maintainer would."""
        pull = _pull(seen)
        remarks = tuple(remark for review in pull.reviews if review.head == pull.head for remark in review.remarks)
        for check in pull.checks:
            if check.name == CHECK_GATE:
                self._stage(story, f"not merged. {CHECK_GATE}: {check.title}")
                for line in unfolded_lines(check.summary, 8):
                    self._stage(story, f"  {line}")
        if remarks:
            self._stage(story, f"the review comments on {', '.join(remarks)}")
        rejection = Rejection(pull.head, pull.checks, remarks, stayed_open=pull.state == "open")
        command = f"/cadence replan {story.guidance}"
        self._environment.repository.comment(seen.issue, command, by=OWNER)
        self._stage(story, f"{OWNER} comments: {command}")
        return rejection

    def _follow(self, story: Story, number: int, until: Callable[[Seen], bool]) -> Seen:
        while True:
            seen = self._environment.view.read(number)
            self._report(story, seen)
            if until(seen):
                return seen
            self._environment.serve.must_run()
            if self._clock.monotonic() > self._end:
                raise StoryFailed(f"{story.name}: not finished after {self._timeout:g} s; {_where(seen)}")
            self._clock.sleep(POLL_SECONDS)

    def _check_claims(
        self, story: Story, number: int, rejection: Rejection | None, *, sample: bool
    ) -> tuple[Seen, tuple[Claim, ...]]:
        """Read until every claim holds or the time is up: Cadence's last calls follow shortly after the merge."""
        end = min(self._clock.monotonic() + AFTERMATH_SECONDS, self._end)
        while True:
            seen = self._environment.view.read(number)
            self._report(story, seen)
            checked = check_claims(
                seen,
                app_id=self._environment.cadence.app_id,
                bot_login=f"{CADENCE_SLUG}[bot]",
                rejection=rejection,
                sample=sample,
            )
            open_claims = not all(claim.holds for claim in checked)
            finished = not open_claims and seen.state in _DONE
            if finished or (not sample and is_blocked(seen)) or seen.state in _ENDED or self._clock.monotonic() > end:
                return seen, checked
            self._clock.sleep(POLL_SECONDS)

    def _report(self, story: Story, seen: Seen) -> None:
        """Say what is new since the last look."""
        pull = seen.pull
        if pull is not None and self._new("pull", str(pull.number)):
            url = (
                f": {self._environment.url}/{self._environment.repository.full_name}/pull/{pull.number}"
                if self._show_urls
                else ""
            )
            self._stage(story, f"pull request #{pull.number} is open{url}")
        for check in pull.checks if pull else ():
            if check.conclusion and self._new(f"{_pull(seen).head}/{check.name}", check.conclusion):
                style = GOOD if check.conclusion == "success" else BAD
                by = "" if check.app == CADENCE_SLUG else f" (by {check.app}, really run)"
                self._stage(story, f"{check.name}: {check.conclusion}{by}", style=style)
        if pull is not None and pull.merge_commit is not None and self._new("merged", pull.merge_commit.sha):
            subject = pull.merge_commit.message.partition("\n")[0]
            self._stage(story, f"merged as {pull.merge_commit.sha[:12]} {subject}", style=GOOD)
        if seen.state and self._new("state", f"{seen.state} {seen.why}"):
            style = GOOD if seen.state in _DONE else BAD if seen.state in _ENDED else ""
            self._stage(story, seen.state.replace("-", " ") + (f": {seen.why}" if seen.why else ""), style=style)

    def _new(self, key: str, value: str) -> bool:
        if self._shown.get(key) == value:
            return False
        self._shown[key] = value
        return True

    def _stage(self, story: Story, text: str, *, style: str = "") -> None:
        self._progress.stage(story.name, text, style=style)


def _over(seen: Seen, *, answers: bool = False) -> bool:
    """Merged, or ended otherwise. A rejection that a maintainer is going to answer (`answers`) is not an end."""
    if seen.pull is not None and seen.pull.state == "merged":
        return True
    return seen.state in _ENDED and not (answers and _refusing_reviews(seen.pull))


def is_blocked(seen: Seen) -> bool:
    """The gate blocks the pull request's head, and CI has finished on it: nothing changes without a person."""
    pull = seen.pull
    if pull is None or pull.state != "open":
        return False
    gate = [check for check in pull.checks if check.name == CHECK_GATE]
    finished = all(check.conclusion for check in pull.checks if check.app != CADENCE_SLUG)
    return finished and any(check.conclusion == "action_required" for check in gate)


def _refusing_reviews(pull: SeenPull | None) -> bool:
    checks = pull.checks if pull else ()
    return any(check.name in _REVIEWS and check.conclusion not in (None, "success") for check in checks)


def _rejected(seen: Seen) -> bool:
    """A review said no, CI has spoken too, the gate names the rejection, and the pull request is still open."""
    pull = seen.pull
    if pull is None or pull.state != "open" or not _refusing_reviews(pull):
        return False
    gate = [f"{check.title}\n{check.summary}" for check in pull.checks if check.name == CHECK_GATE]
    spoken = {check.name for check in pull.checks if check.conclusion and check.name != CHECK_GATE}
    return len(spoken) > len(_REVIEWS) and any("rejected" in text for text in gate)


def _pull(seen: Seen) -> SeenPull:
    if seen.pull is None:
        raise StoryFailed(f"issue #{seen.issue} has no pull request")
    return seen.pull


def _where(seen: Seen) -> str:
    pull = seen.pull
    checks = ", ".join(_check_words(check) for check in pull.checks) if pull else ""
    run = f"the run is {seen.state or 'not begun'!r}"
    return f"{run} ({seen.why or 'no reason given'}); pull request: {pull.state if pull else 'none'} [{checks}]"


def _check_words(check: SeenCheck) -> str:
    return f"{check.name} {check.conclusion or 'unfinished'}"


def unfolded_lines(summary: str, limit: int) -> list[str]:
    """The first lines of a check's summary without empty ones and hidden marks."""
    lines = [line.strip() for line in summary.splitlines()]
    # The reasons come first; what passed is folded, and a terminal cannot fold.
    shown = takewhile(lambda line: not line.startswith("<details"), lines)
    return [line for line in shown if line and not line.startswith("<!--")][:limit]
