"""The table of `make faults`: what was tried, one line for each, and the sums under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from traceback import format_exception_only

from tests.faults.stops import Stopped


@dataclass
class Row:
    """One attempt. `group` is `crash` or `stop`; `how` says what was done at the `point`."""

    group: str
    point: str
    how: str
    result: str
    wrong: list[str] = field(default_factory=list)
    seconds: float | None = None
    """Stops: the time until no effect could begin."""
    after: int = 0
    """Stops: writes after the confirmation."""

    @property
    def fine(self) -> bool:
        return not self.wrong and not self.result.startswith("not reached")

    def lines(self) -> str:
        """The row, and below it what is wrong."""
        took = "" if self.seconds is None else f"{self.seconds:5.2f} s"
        first = f"{self.group:<6} {self.point:<50} {self.how:<34} {self.result:<24} {took}".rstrip()
        return "\n".join([first, *(f"       {line}" for line in self.wrong)])


@dataclass(frozen=True)
class Attempt:
    """What is tried at one point. `make` gives the row, in whichever process it is called."""

    group: str
    point: str
    how: str
    make: Callable[[Attempt], Row]

    def __call__(self) -> Row:
        return self.make(self)

    def broken(self, error: BaseException) -> Row:
        """The row of an attempt that raised: it is red, and the others are tried all the same."""
        cause = "".join(format_exception_only(error)).strip()[:600]
        return Row(self.group, self.point, self.how, "raised", [cause, *str(error.__cause__ or "").splitlines()[-8:]])


def crash_row(attempt: Attempt, reached: bool, different: list[str]) -> Row:
    """A crash: GitHub's state at the end has to be that of the undisturbed run."""
    result = "not reached" if not reached else "another end" if different else "same end"
    return Row(attempt.group, attempt.point, attempt.how, result, different)


def stop_row(attempt: Attempt, made: Stopped) -> Row:
    """A stop, and what it came to."""
    result = "not reached" if not made.reached else made.state or "no end"
    return Row(attempt.group, attempt.point, attempt.how, result, made.wrong, made.seconds, made.after)


def sums(rows: Sequence[Row]) -> str:
    """The last lines of the table."""
    crashes, stops = ([row for row in rows if row.group == group] for group in ("crash", "stop"))
    slowest = max((row.seconds for row in stops if row.seconds is not None), default=0.0)
    return (
        f"crash: {len(crashes)} points, {sum(row.fine for row in crashes)} ended as the undisturbed run\n"
        f"stop:  {len(stops)} points, {sum(row.fine for row in stops)} as promised; writes after the confirmation: "
        f"{sum(row.after for row in stops)}; slowest stop: {slowest:.2f} s"
    )
