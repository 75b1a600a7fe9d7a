"""How long the weakening gate takes on large repositories and large changes, all made here.

    python -m bench.weakening_scale [--files 50000] [--times 5] [--only PATTERN] [--profile]

`commits` makes a git repository of so many files and times small commits on it, reading included. The other cases hold
their two trees in memory: one large file, or thousands of changed ones, each also at half its size. A case whose time
grows by more than the factor that its size grew by compares everything with everything.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

from bot.core.names import CommitSha
from bot.git_store.local import LocalRepository
from bot.weakening.gate import weakening_findings
from tests.fakes.dict_tree import DictTree as Tree
from tests.fakes.dict_tree import changes

Files = dict[str, str]


class DictTree(Tree):
    """Without looking for folders, which takes time that is not the gate's."""

    def entry(self, path: str):  # type: ignore[no-untyped-def]
        return super().entry(path) if path in self.contents else None


def python_test(name: str, value: int, lines: int = 6) -> str:
    """One test; `value` makes its body one of its own."""
    body = "".join(f"    assert total(items_{value}, {n}) == {value * n}\n" for n in range(lines))
    return f"def test_{name}():\n    items_{value} = load({value})\n{body}\n\n"


def script_test(name: str, value: int) -> str:
    checks = f"    expect(box.size).toBe({value});\n    expect(box.items[{value}]).toEqual([{value}]);\n"
    return f"  it('{name}', () => {{\n    const box = make({value});\n{checks}  }});\n"


def _one_file(path: str, before: list[str], after: list[str], head: str = "", tail: str = "") -> tuple[Files, Files]:
    return {path: head + "".join(before) + tail}, {path: head + "".join(after) + tail}


def edited(size: int) -> tuple[Files, Files]:
    """Every tenth test of a large file is edited."""
    before = [python_test(f"n{n}", n) for n in range(size)]
    return _one_file("tests/test_a.py", before, [python_test(f"n{n}", n + (n % 10 == 0)) for n in range(size)])


def methods(size: int) -> tuple[Files, Files]:
    """The same in one class, async, with helpers between the tests."""

    def one(n: int, change: int) -> str:
        method = python_test(f"n{n}", n + change).replace("def ", "async def ").replace("test_n", "test_n", 1)
        helper = f"def check_{n}(self):\n    assert self.value == {n}\n"
        return "".join(f"    {line}\n" if line else "\n" for line in (method + helper).split("\n"))

    before, after = [one(n, 0) for n in range(size)], [one(n, n % 3 == 0) for n in range(size)]
    return _one_file("tests/test_a.py", before, after, "class TestAll(Base):\n")


def rewritten(size: int) -> tuple[Files, Files]:
    """Every test is gone, and as many others have come."""
    before = [python_test(f"old_{n}", n) for n in range(size)]
    return _one_file("tests/test_a.py", before, [python_test(f"new{n}", n + 100_000) for n in range(size)])


def gone(size: int) -> tuple[Files, Files]:
    """Half of the tests are gone, and a new helper comes for each."""
    before = [python_test(f"n{n}", n) for n in range(size)]
    helpers = [f"def helper_{n}(x):\n    return x + {n}\n\n\n" for n in range(size)]
    return _one_file("tests/test_a.py", before, before[::2] + helpers)


def commented(size: int) -> tuple[Files, Files]:
    """Every test is in comments."""
    before = [python_test(f"n{n}", n) for n in range(size)]
    after = ["".join(f"# {line}\n" for line in one.split("\n") if line) for one in before[1:]]
    return _one_file("tests/test_a.py", before, [before[0], *after])


def long_test(size: int) -> tuple[Files, Files]:
    """One test of very many checks, all of them edited."""
    return (
        {"tests/test_a.py": python_test("a", 3, size)},
        {"tests/test_a.py": python_test("a", 4, size)},
    )


def scripts(size: int) -> tuple[Files, Files]:
    before = [script_test(f"does thing {n}", n) for n in range(size)]
    after = [script_test(f"does thing {n}", n + (n % 4 == 0)) for n in range(size) if n % 5]
    return _one_file("test/a.test.js", before, after, "describe('all', () => {\n", "});\n")


def two_tests(n: int, call: str = "load(") -> str:
    return (python_test(f"a{n}", n) + python_test("same", n)).replace("load(", call)


def many_files(size: int) -> tuple[Files, Files]:
    """A change of thousands of files of tests, each edited."""
    paths = [f"tests/unit/f{n % 50}/test_{n}.py" for n in range(size)]
    return (
        {path: two_tests(n) for n, path in enumerate(paths)},
        {path: two_tests(n, "read(") for n, path in enumerate(paths)},
    )


def moved_files(size: int) -> tuple[Files, Files]:
    """The same files moved to other paths that no rename names, each with a test of the same name."""
    return (
        {f"tests/a/test_{n}.py": two_tests(n) for n in range(size)},
        {f"tests/b/test_b_{n}.py": two_tests(n, "read(") for n in range(size)},
    )


def packages(size: int) -> tuple[Files, Files]:
    """Thousands of settings files."""

    def package(n: int, lint: str) -> str:
        scripts = {"test": "jest --coverage", "lint": lint}
        return json.dumps({"scripts": scripts, "jest": {"testMatch": [f"a{n}"]}}, indent=1)

    return (
        {f"packages/p{n}/package.json": package(n, "eslint .") for n in range(size)},
        {f"packages/p{n}/package.json": package(n, "eslint src") for n in range(size)},
    )


def workflow(size: int) -> tuple[Files, Files]:
    """One workflow of very many jobs, every second one renamed."""

    def job(prefix: str, n: int) -> str:
        steps = f"    steps:\n      - run: pytest tests/part{n}\n      - run: mypy src/part{n}\n"
        return f"  {prefix if n % 2 else 'job'}{n}:\n    runs-on: ubuntu-latest\n{steps}"

    head = "on: pull_request\njobs:\n"
    before, after = ([job(prefix, n) for n in range(size)] for prefix in "ab")
    return _one_file(".github/workflows/ci.yml", before, after, head)


CASES: dict[str, tuple[Callable[[int], tuple[Files, Files]], int]] = {
    "edited": (edited, 2200), "methods": (methods, 1500), "rewritten": (rewritten, 2200), "gone": (gone, 2200),
    "commented": (commented, 2200), "long_test": (long_test, 5000), "scripts": (scripts, 3000),
    "many_files": (many_files, 5000), "moved_files": (moved_files, 1000), "packages": (packages, 1000),
    "workflow": (workflow, 300),
}  # fmt: skip
"""Each with its full size: files of about 20,000 lines, changes of thousands of files."""


def timed(make: Callable[[int], tuple[Files, Files]], size: int) -> tuple[float, int]:
    """(seconds of processor time, findings) of one run."""
    before, after = make(size)
    differ = changes(before, after)
    started = time.process_time()
    found = weakening_findings(DictTree(before), DictTree(after), differ)
    return time.process_time() - started, len(found)


def commits(files: int, times: int) -> list[float]:
    """Seconds of each of several small commits on a repository of so many files."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        run = ["git", "-C", folder, "-c", "user.name=b", "-c", "user.email=b@example.org"]
        subprocess.run([*run, "init", "-q"], check=True)
        for n in range(files):
            path = root / (f"tests/p{n % 200}/test_{n}.py" if n % 5 == 0 else f"src/p{n % 200}/m{n}.py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(python_test(str(n), n) if n % 5 == 0 else f"def f{n}():\n    return {n}\n")
        (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\ntestpaths = ['tests']\n")
        subprocess.run([*run, "add", "."], check=True)
        subprocess.run([*run, "commit", "-qm", "base"], check=True)
        choose = random.Random(7)
        for _ in range(times):
            for n in choose.sample(range(0, files, 5), 6):
                path = root / f"tests/p{n % 200}/test_{n}.py"
                path.write_text(path.read_text().replace("load(", "read(") + python_test("more", n))
            subprocess.run([*run, "commit", "-qam", "edit"], check=True)
        shas = subprocess.run([*run, "log", "--format=%H"], check=True, capture_output=True, text=True).stdout.split()
        repository, seconds = LocalRepository.open(root), []
        for head, base in pairwise(shas):
            started = time.perf_counter()
            one, two = CommitSha(base), CommitSha(head)
            mirror = repository.mirror
            weakening_findings(mirror.tree(one), mirror.tree(two), mirror.changes(one, two))
            seconds.append(time.perf_counter() - started)
        repository.close()
    return sorted(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--share", type=float, default=1.0, help="of the full size")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    for name, (make, full) in CASES.items():
        if not re.search(options.only, name):
            continue
        size = int(full * options.share)
        half, _ = timed(make, size // 2)
        profile = cProfile.Profile()
        if options.profile:
            profile.enable()
        whole, found = timed(make, size)
        profile.disable()
        print(
            f"{name:12} {size:6}: {whole:7.2f} s, half of it {half:7.2f} s, x{whole / half:.1f}, {found} findings",
            flush=True,
        )
        if options.profile:
            pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(8)
    if re.search(options.only, "commits"):
        seconds = commits(options.files, options.times)
        p90 = seconds[int(len(seconds) * 0.9)]
        figures = f"median {median(seconds):.3f} s, p90 {p90:.3f} s, longest {seconds[-1]:.3f} s"
        print(f"commits on {options.files} files: {figures}")


if __name__ == "__main__":
    main()
