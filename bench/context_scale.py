"""What the context index costs: the first question, the next ones, one changed file, memory, and the size on disk.

    python bench/context_scale.py [--files 5000 50000] [--folder DIR] [--room DIR]

Made folders have so many Python files of about 4 kB, each with its own names. `--folder` measures a real one instead.
Every step runs in a process of its own, as `cadence localize` does, and its processor time is shown beside the time on
the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.cli.localize_command import select

TITLE = "Wrong result when a cached value expires"
BODY = (
    "Calling `load_value_17` after `expire_cache` returns the old value.\n\nValueError: the cached value is too old\n"
)
WORDS = (
    "cache", "value", "load", "expire", "store", "token", "price", "order", "cart", "user", "mail", "send", "parse",
    "read", "write", "index", "query", "build", "check", "limit",
)  # fmt: skip


def make(root: Path, files: int) -> None:
    """`files` Python files in folders of a hundred, the same ones for the same number."""
    chance = random.Random(files)
    for number in range(files):
        path = root / f"pkg{number // 100:04}" / f"module_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = [f'"""Module {number} of the {chance.choice(WORDS)} package."""\n']
        for at in range(14):
            a, b, c = chance.sample(WORDS, 3)
            parts.append(
                f"\n\ndef {a}_{b}_{number * 14 + at}({c}, {a}):\n"
                f"    # Keeps the {a} of every {b} that a {c} asks for.\n"
                f"    {b} = [{c}.{a}_{at} for {c} in {a} if {c} is not None]\n"
                f"    if len({b}) > {at}:\n        raise ValueError('the {a} of the {b} is too {c}')\n    return {b}\n"
            )
        path.write_text("".join(parts))
    old = time.time() - 1_000
    for path in root.rglob("*.py"):
        os.utime(path, (old, old))
    (root / "newest.txt").write_text("new\n")


def ask(folder: Path, data: Path) -> dict[str, float]:
    """One question in this process: seconds on the clock and of the processor, and the most memory in MB."""
    started, used = time.perf_counter(), time.process_time()
    _, found = select(folder, TITLE, BODY, 24_000, data)
    first = time.perf_counter() - started, time.process_time() - used
    started, used = time.perf_counter(), time.process_time()
    select(folder, TITLE, BODY, 24_000, data)
    return {
        "seconds": first[0],
        "processor": first[1],
        "again": time.perf_counter() - started,
        "again processor": time.process_time() - used,
        "memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "files shown": sum(bool(file.ranges) for file in found.files),
    }


def asked(folder: Path, data: Path, label: str) -> None:
    """One question in a new process, printed as a row."""
    command = [sys.executable, __file__, "--ask", str(folder), str(data)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    row = json.loads(done.stdout)
    print(f"{label:28}" + "".join(f"  {name} {value:8.2f}" for name, value in row.items()))


def measure(folder: Path, data: Path) -> None:
    """The rows of one folder."""
    source = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    asked(folder, data, "first question")
    asked(folder, data, "second process")
    changed = sorted(folder.rglob("*.py"))[0]
    # A linked snapshot must not be changed, so the file is replaced.
    text = changed.read_text() + "\nCHANGED = 1\n"
    changed.unlink()
    changed.write_text(text)
    asked(folder, data, "one changed file")
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    print(f"index {size / 1e6:.1f} MB for {source / 1e6:.1f} MB of files: {size / source:.2f} of the source\n")


def main() -> None:
    """Measure the folders that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="*", default=[5_000, 50_000])
    parser.add_argument(
        "--folder", type=Path, help="a copy of a real repository without .git; one file of it is changed"
    )
    parser.add_argument("--room", type=Path)
    parser.add_argument("--ask", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        print(json.dumps(ask(*options.ask)))
        return
    with tempfile.TemporaryDirectory(dir=options.room) as room:
        if options.folder:
            print(options.folder)
            measure(options.folder, Path(room) / "data")
            return
        for files in options.files:
            folder = Path(room) / f"made-{files}"
            make(folder, files)
            print(f"{files} files")
            measure(folder, Path(room) / f"data-{files}")


if __name__ == "__main__":
    main()
