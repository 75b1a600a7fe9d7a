"""Traces one merge: `python bench/trace_path.py [CHECKOUT]` counts what runs for it and lists the hops to the merge.

A happy journey runs in the sandbox, as in tests/journeys: a labelled issue, a plan, both reviews, green CI, the merge
and the end of the watch. It counts the named functions and the files of `bot/` that are called between the label and
the end, in every thread, without the start of the process. `sandbox` is in place of GitHub, CI and the model, so the
totals leave it out.

A hop is a named function of `bot/` on the call stack between the webhook's endpoint and GitHub's merge call. Lambdas
and decorators' wrappers are not hops. The stack is followed across the inbox and across workflows: after what stored a
delivery or booked a workflow comes the handler that took it. Where a look books the next look at the same pull request
(to wait for CI, say), only the last one is followed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

Hop = tuple[str, str]
"""(module below bot/, qualified name)"""
_FUNCTION_FLAGS = 0x3  # CO_OPTIMIZED | CO_NEWLOCALS: bodies of modules and classes have neither (inspect, code flags)


class Trace:
    """What was called, and who booked what."""

    def __init__(self, root: Path) -> None:
        self._bot = f"{root}/bot/"
        self.counting = False
        self.called: set[CodeType] = set()
        self.merge: list[Hop] = []
        self.merged_in = ""
        self.received: dict[str, list[Hop]] = {}
        self.booked: dict[str, tuple[list[Hop], str]] = {}
        """By workflow id: the stack that booked it, and the workflow or delivery in which that happened."""
        self.running: Callable[[], str] = str

    def profile(self, frame: FrameType, event: str, _argument: Any) -> None:
        """For sys.setprofile: notes each call, and the stacks at the inbox and at the merge."""
        code = frame.f_code
        if event != "call" or not self.counting or not code.co_filename.startswith(self._bot):
            return
        if code.co_flags & _FUNCTION_FLAGS == _FUNCTION_FLAGS and not code.co_name.startswith("<"):
            self.called.add(code)
        if code.co_name == "take_in" and "delivery" in frame.f_locals:
            # Called again by wrappers: the innermost, and so longest, stack counts.
            self.received[frame.f_locals["delivery"].guid] = self.stack(frame)
        if code.co_name == "merge" and code.co_filename.endswith("/github_api/pulls.py"):
            self.merge, self.merged_in = self.stack(frame), self.running()

    def stack(self, frame: FrameType | None) -> list[Hop]:
        """The named functions of bot/ on the stack, outermost first."""
        found: list[Hop] = []
        while frame is not None:
            code = frame.f_code
            named = not code.co_name.startswith("<") and code.co_name != "guarded"
            if named and code.co_filename.startswith(self._bot) and "/sandbox/" not in code.co_filename:
                module = code.co_filename.removeprefix(self._bot).removesuffix(".py")
                found.append((module, code.co_qualname.replace(".<locals>", "")))
            frame = frame.f_back
        return found[::-1]

    def watch_bookings(self, engine: Any) -> None:
        """Note the stack of every booking that the inline engine accepts."""
        put = engine._put

        def noted(name: str, workflow_id: str, *arguments: Any, delay: float = 0.0) -> None:
            frame = sys._getframe(1)
            if workflow_id not in engine.ids:
                self.booked[workflow_id] = (self.stack(frame), engine.running or _delivery(frame))
            put(name, workflow_id, *arguments, delay=delay)

        engine._put = noted
        self.running = lambda: engine.running

    def way_to(self, workflow: str) -> list[list[Hop]]:
        """The stacks that led to a workflow, the webhook's first."""
        stack, parent = self.booked[workflow]
        while parent.partition(":")[0] == workflow.partition(":")[0]:
            stack, parent = self.booked[parent]
        if parent in self.booked:
            return [*self.way_to(parent), stack]
        return [self.received.get(parent, []), stack]


def _delivery(frame: FrameType | None) -> str:
    while frame is not None:
        if "guid" in frame.f_locals:
            return str(frame.f_locals["guid"])
        frame = frame.f_back
    return ""


def journey(trace: Trace, directory: Path) -> Any:
    """One merge in the sandbox, traced."""
    from tests.journeys.world import World

    threading.setprofile(trace.profile)
    world = World(directory)
    try:
        trace.watch_bookings(world.engine)
        world.script_all()
        trace.counting = True
        sys.setprofile(trace.profile)
        issue = world.label_blueprint()
        world.ci()
        world.later()  # the checks settle; the merge
        world.later()  # the watch ends: the base has no CI
        end = world.state(issue)
    finally:
        sys.setprofile(None)
        trace.counting = False
        threading.setprofile(None)
        world.close()
    if str(end) != "merged" or not trace.merge:
        raise SystemExit(f"the journey ended {end}")
    return world


def counts(trace: Trace, root: Path) -> dict[str, tuple[int, int]]:
    """By package (or loose module): functions and files called."""
    by_package: dict[str, set[CodeType]] = defaultdict(set)
    for code in trace.called:
        first = Path(code.co_filename).relative_to(root / "bot").parts[0]
        by_package[first.removesuffix(".py")].add(code)
    return {name: (len(codes), len({one.co_filename for one in codes})) for name, codes in sorted(by_package.items())}


def show(stacks: list[list[Hop]]) -> None:
    """The way as a numbered list, with a line for each boundary."""
    print(f"\nfrom the webhook to the merge: {sum(map(len, stacks))} hops")
    number = 0
    for index, stack in enumerate(stacks):
        if index:
            print("    ~ inbox or queue ~")
        for module, name in stack:
            number += 1
            print(f"{number:4d}  {name:45s} {module}.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("checkout", nargs="?", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--list", metavar="PACKAGE", help="also print the functions of a package that were called")
    asked = parser.parse_args()
    root = asked.checkout.resolve()
    sys.path.insert(0, str(root))
    trace = Trace(root)
    with tempfile.TemporaryDirectory() as directory:
        journey(trace, Path(directory))
    totals = counts(trace, root)
    print(f"{'package':14s} functions  files")
    for name, (functions, files) in totals.items():
        print(f"{name:14s} {functions:9d} {files:6d}")
    ours = [both for name, both in totals.items() if name != "sandbox"]
    print(f"{'total':14s} {sum(one for one, _ in ours):9d} {sum(two for _, two in ours):6d}   (without sandbox)")
    if asked.list:
        called = (one for one in trace.called if f"/bot/{asked.list}/" in one.co_filename)
        for code in sorted(called, key=lambda one: (one.co_filename, one.co_firstlineno)):
            print(f"  {Path(code.co_filename).relative_to(root)}:{code.co_firstlineno} {code.co_qualname}")
    named = [totals[name][0] for name in ("flow", "gate", "github_api")]
    print(f"flow + gate + github_api: {sum(named)} functions")
    show([*trace.way_to(trace.merged_in), trace.merge])


if __name__ == "__main__":
    main()
