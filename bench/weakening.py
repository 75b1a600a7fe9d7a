"""How often the weakening gate asks for a person on a real history.

    python -m bench.weakening REPOSITORY [--last 300] [--skip 0] [--json FILE]

Goes through the last commits that have one parent and prints each one that would have asked, with its findings, then
the share of commits that asked, findings by code, and the time per commit (one process, reading included).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.core.names import CommitSha
from bot.git_store.local import LocalRepository
from bot.weakening.gate import weakening_findings


def history(repository: Path, last: int, skip: int) -> list[tuple[str, str, str]]:
    """(parent, commit, subject) of the newest commits with one parent."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "-C",
        str(repository),
        "log",
        "--no-merges",
        "--min-parents=1",
        "--format=%P%x09%H%x09%s",
    ]
    out = subprocess.run([*command, f"-{last}", f"--skip={skip}"], capture_output=True, check=True).stdout
    rows = (line.split("\t", 2) for line in out.decode("utf-8", "replace").splitlines())
    return [(parent, commit, subject) for parent, commit, subject in rows if " " not in parent]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--last", type=int, default=300)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    repository = LocalRepository.open(options.repository)
    asked, seconds, codes, missing = [], [], Counter[str](), 0
    for parent, commit, subject in history(options.repository, options.last, options.skip):
        started = time.perf_counter()
        try:
            base, head = CommitSha(parent), CommitSha(commit)
            found = weakening_findings(
                repository.mirror.tree(base), repository.mirror.tree(head), repository.mirror.changes(base, head)
            )
        except Exception as error:  # noqa: BLE001 - a snapshot may lack objects; the figure says how many
            missing += 1
            print(f"?? {commit[:10]} {type(error).__name__}: {error}")
            continue
        seconds.append(time.perf_counter() - started)
        if found:
            asked.append(
                {"commit": commit, "subject": subject, "findings": [[f.code, f.path, f.line, f.message] for f in found]}
            )
            codes.update({f.code for f in found})
            print(f"{commit[:10]} {subject[:90]}")
            for one in found[:6]:
                print(f"    {one.code} {one.path}:{one.line} {one.message[:150]}")
    repository.close()
    looked = len(seconds)
    share = len(asked) / max(1, looked)
    print(f"\n{options.repository}: {looked} commits, {len(asked)} asked ({share:.1%}); unreadable: {missing}")
    print("by code: " + ", ".join(f"{code} {count}" for code, count in codes.most_common()))
    if looked > 20:
        slow = quantiles(seconds, n=20)[-1]
        print(f"seconds per commit: median {median(seconds):.3f}, p95 {slow:.3f}, max {max(seconds):.3f}")
    if options.json:
        options.json.write_text(json.dumps(asked, indent=1))


if __name__ == "__main__":
    main()
