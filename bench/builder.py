"""What a commit costs, and that it does not grow with the repository.

    python bench/builder.py [--room DIR] [--files 1000 50000 500000] [--rounds 15] [--prototype 50000]

In bare repositories of so many files of 4 kB each, one 1-file ChangeSet is resolved and built to a commit, and a
ChangeSet of 200 files; the median of the rounds is shown. Beside it the way of the prototype, on a checkout of the same
files: copy the tree, write the edit, `git diff --no-index`. Everything runs in one go, so that the figures compare.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.changeset.check import check
from bot.changeset.edits import resolve
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet, Edit
from bot.changeset.pin import pin
from bot.core.names import CommitSha
from bot.git_store.commits import Author
from bot.git_store.mirror import Mirror
from bot.publish.commit import build_commit

DATE = datetime(2026, 1, 1, tzinfo=UTC)
AUTHOR = Author("bench", "bench@example.invalid")
SIZE = 4096
MANY = 200
TARGET_ONE, TARGET_MANY, TARGET_GROWTH, TARGET_GAIN = 60.0, 400.0, 2.0, 200.0


def path_of(number: int) -> str:
    """A hundred files to a directory, a hundred directories to the one above."""
    return f"d{number // 10_000:02}/e{number // 100 % 100:02}/f{number:06}.txt"


def content_of(number: int) -> bytes:
    return (b"line of file %d\n" % number * 300)[:SIZE]


def make_repository(path: Path, files: int) -> None:
    """A bare repository with one commit of so many files."""
    started = time.monotonic()
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], check=True)
    importer = ["git", "-C", path, "-c", "core.compression=1", "fast-import", "--quiet", "--depth=0"]
    with subprocess.Popen(importer, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        write = process.stdin.write
        write(b"commit refs/heads/main\ncommitter a <a@b> 1700000000 +0000\ndata 1\nm\n")
        for number in range(files):
            content = content_of(number)
            write(b"M 100644 inline %b\ndata %d\n%b\n" % (path_of(number).encode(), len(content), content))
            if number % 100_000 == 99_999:
                say(f"  {number + 1} files written")
        process.stdin.close()
    assert process.returncode == 0
    say(f"made a repository of {files} files in {time.monotonic() - started:.1f} s")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def median_ms(rounds: int, act: Callable[[int], object]) -> float:
    """The median of so many calls, in milliseconds, after one that is not counted."""
    taken = []
    for number in range(rounds + 1):
        started = time.perf_counter()
        act(number)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken[1:])


@dataclass(frozen=True)
class Figures:
    """Milliseconds: a 1-file ChangeSet built, guarded, and its patch read back; a 200-file ChangeSet built."""

    files: int
    one: float
    guarded: float
    patch: float
    many: float


class Bench:
    """One repository, one edit after the other, each with content git has not seen."""

    def __init__(self, path: Path, files: int, rounds: int) -> None:
        self.mirror = Mirror(path, origin=str(path.parent))
        tip = self.mirror.tip("main")
        assert tip is not None
        self.base: CommitSha = tip
        self.files, self.rounds = files, rounds
        self.stamp = time.time_ns()

    def change_set(self, number: int, count: int) -> ChangeSet:
        step = self.files // count
        edits = [
            Edit(path=path_of(i * step), mode="modify", after=f"round {number} of {self.stamp}\n" * 100)
            for i in range(count)
        ]
        return ChangeSet(message="bench", edits=tuple(edits))

    def build(self, number: int, count: int) -> CommitSha:
        """The whole way of a ChangeSet to its commit: pins, contract, paths, contents, objects."""
        tree = self.mirror.tree(self.base)
        resolution = resolve(pin(self.change_set(number, count), tree).change_set, tree)
        assert not resolution.findings
        return build_commit(
            self.mirror, base=self.base, changes=resolution.changes, message="m", author=AUTHOR, date=DATE
        )

    def guard(self, number: int) -> None:
        assert check(self.change_set(number, 1), self.mirror.tree(self.base), GuardConfig()).accepted

    def figures(self) -> Figures:
        head = self.build(-1, 1)
        made = Figures(
            self.files,
            one=median_ms(self.rounds, lambda number: self.build(number, 1)),
            guarded=median_ms(self.rounds, self.guard),
            patch=median_ms(self.rounds, lambda _: self.mirror.patch(self.base, head)),
            many=median_ms(self.rounds, lambda number: self.build(number, MANY)),
        )
        self.mirror.close()
        return made


def prototype_ms(room: Path, files: int, rounds: int) -> float:
    """The prototype's PatchBuilder on a work tree: copytree, write, `git diff --no-index --binary`, median."""
    work = room / "work"
    subprocess.run(["git", "clone", "-q", "--shared", room / f"{files}.git", work], check=True)
    say(f"checked {files} files out for the prototype's way; {rounds} rounds")

    def act(number: int) -> None:
        shadow = room / f"shadow-{number}"
        shutil.copytree(work, shadow)
        (shadow / path_of(0)).write_text(f"round {number}\n")
        command = ["git", "diff", "--no-index", "--binary", "--relative", "--", ".", str(shadow)]
        done = subprocess.run(command, cwd=work, capture_output=True)
        assert done.returncode == 1 and b"+round" in done.stdout
        spent.append(time.perf_counter() - started[0])
        shutil.rmtree(shadow)
        started[0] = time.perf_counter()

    spent: list[float] = []
    started = [time.perf_counter()]
    for number in range(rounds):
        act(number)
        say(f"  {spent[-1]:.2f} s")
    shutil.rmtree(work)
    return statistics.median(spent) * 1000


def table(rows: list[Figures], prototype: tuple[int, float] | None) -> None:
    print("| files | 1-file ChangeSet | guards on it | its patch | 200-file ChangeSet |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        print(f"| {row.files} | {row.one:.1f} ms | {row.guarded:.1f} ms | {row.patch:.1f} ms | {row.many:.1f} ms |")
    growth = rows[-1].one / rows[0].one
    print(f"\ngrowth from {rows[0].files} to {rows[-1].files} files: {growth:.2f}x (target at most {TARGET_GROWTH:g}x)")
    print(f"slowest 200-file ChangeSet: {max(r.many for r in rows):.0f} ms (target under {TARGET_MANY:g} ms)")
    if prototype is None:
        return
    files, taken = prototype
    ours = next(row.one for row in rows if row.files == files)
    print(f"at {files} files: {ours:.1f} ms (target at most {TARGET_ONE:g} ms)")
    print(f"the prototype's way: {taken:.0f} ms, {taken / ours:.0f}x ours (target at least {TARGET_GAIN:g}x)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", type=Path, help="where to work; the repositories found there are used again")
    parser.add_argument("--files", type=int, nargs="+", default=[1_000, 50_000, 500_000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--prototype", type=int, default=50_000, help="for which size, one of --files; 0: not at all")
    parser.add_argument("--prototype-rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cadence-bench-") as temporary:
        room: Path = asked.room or Path(temporary)
        room.mkdir(parents=True, exist_ok=True)
        for files in asked.files:
            if not (room / f"{files}.git").exists():
                make_repository(room / f"{files}.git", files)
        rows = [Bench(room / f"{files}.git", files, asked.rounds).figures() for files in sorted(asked.files)]
        wanted = asked.prototype in asked.files
        taken = prototype_ms(room, asked.prototype, asked.prototype_rounds) if wanted else 0.0
        table(rows, (asked.prototype, taken) if wanted else None)


if __name__ == "__main__":
    main()
