"""Which functions of the weakening gate could answer a constant without a test noticing?

    python -m bench.mutants [--thresholds] [--only PATTERN] [--tests FILE …] [--json FILE]

Every function of bot/weakening gets its mutants: False and True for a bool, 0 for a number, nothing for a list, an
iterator, a text or an optional value, and the argument itself for a function that filters one. Each mutant runs the
golden rows and the unit tests of the gate in a child process until the first test fails. What survives is printed:
such a function is removed, or gets a golden row when it decides something real. With `--thresholds` each number of
bot/weakening/thresholds.py is moved down and up by half instead, and the tests that notice are printed.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
import pkgutil
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest

import bot.weakening
from bot.weakening import thresholds

TESTS = [
    "tests/unit/test_weakening_golden.py",
    *map(str, sorted(Path("tests/unit").glob("test_weakening_*.py"))),
    "tests/unit/test_syntax.py",
]
SECONDS = 60
"""A mutant that takes longer counts as noticed: it would never pass CI."""


def functions() -> Iterator[tuple[str, FunctionType]]:
    """(dotted name, function) of every function, method and property of the package that is defined there."""
    for info in pkgutil.walk_packages(bot.weakening.__path__, "bot.weakening."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            yield from _of(f"{info.name}.{name}", value, module)


def _of(name: str, value: object, module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    value = inspect.unwrap(value) if callable(value) else value  # type: ignore[arg-type]
    if isinstance(value, FunctionType) and value.__module__ == module.__name__:
        yield name, value
    elif inspect.isclass(value) and value.__module__ == module.__name__:
        for own, member in vars(value).items():
            inner = member.func if isinstance(member, cached_property) else getattr(member, "fget", None) or member
            # Dataclasses write their own methods, whose source is no file.
            if isinstance(inner, FunctionType) and inner.__code__.co_filename == module.__file__ and own != "__init__":
                yield f"{name}.{own}", inner


def constants(function: FunctionType) -> Iterator[tuple[str, str]]:
    """(what is shown, the expression) of each constant answer that fits the function's return annotation."""
    annotations = {name: str(value) for name, value in function.__annotations__.items()}
    answer = annotations.pop("return", "")
    same = next((name for name, value in annotations.items() if value == answer), None)
    if same is not None and answer not in ("str", "int", "bool"):
        yield f"its argument {same}", same
    if answer == "bool":
        yield from (("False", "False"), ("True", "True"))
    elif answer.endswith("| None"):
        yield "None", "None"
    elif answer in ("int", "float"):
        yield "0", f"{answer}(0)"
    elif answer == "str":
        yield "''", "''"
    elif answer.startswith(("Iterator", "Found")):
        yield "nothing", "iter(())"
    elif match := re.match(r"(list|set|frozenset|dict|tuple|Counter)\b", answer):
        yield "nothing", f"__import__('collections').Counter() if {match[1] == 'Counter'} else {match[1].lower()}()"


def mutant(function: FunctionType, expression: str) -> CodeType | None:
    """The code of a function of the same signature that answers the expression; None for one with free variables."""
    if function.__code__.co_freevars:
        return None
    code = function.__code__
    names = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    shown = ", ".join(
        [*names[: code.co_argcount], *(["*"] if code.co_kwonlyargcount else []), *names[code.co_argcount :]]
    )
    space: dict[str, Callable[..., object]] = {}
    exec(f"def answer({shown}):\n    return {expression}\n", {}, space)  # noqa: S102 - the expressions are this file's
    return space["answer"].__code__


class _Collected:
    """Takes the collected tests, each as a call; those that ask for a fixture are left out."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            if isinstance(item, pytest.Function):
                given = item.callspec.params if hasattr(item, "callspec") else {}
                if set(item.fixturenames) <= given.keys():
                    self.calls.append(partial(item.obj, **given))


def survives(function: FunctionType, code: CodeType, calls: list[Callable[[], object]]) -> bool:
    """Whether every test passes while the function has the other code; run in a child, which the parent forgets."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        function.__code__ = code
        try:
            for call in calls:
                with suppress(pytest.skip.Exception):
                    call()
        except BaseException:  # noqa: BLE001 - whatever a mutant raises, it was noticed
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def noticing(name: str, value: float, calls: list[Callable[[], object]]) -> list[str]:
    """The tests that fail while a threshold has another value, by their `name` parameter where they have one."""
    holders = [m for key, m in sys.modules.items() if key.startswith("bot.weakening") and hasattr(m, name)]
    before = getattr(holders[0], name)
    for module in holders:
        setattr(module, name, value)
    failed = []
    for call in calls:
        try:
            call()
        except Exception:  # noqa: BLE001 - whatever is raised, the test noticed
            failed.append(str(call.keywords.get("name", call.func.__name__)))  # type: ignore[attr-defined]
    for module in holders:
        setattr(module, name, before)
    return failed


def move_thresholds(only: str, calls: list[Callable[[], object]]) -> None:
    """Print how many tests fail with each threshold at half and at one and a half of its value."""
    for name, value in vars(thresholds).items():
        if name.isupper() and re.search(only, name):
            for moved in (value / 2, value * 1.5):
                moved = round(moved) if isinstance(value, int) else moved
                failed = noticing(name, moved, calls)
                print(f"{name} {value} -> {moved:g}: {len(failed)} {failed[:3]}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a pattern of dotted names")
    parser.add_argument("--thresholds", action="store_true")
    parser.add_argument("--tests", nargs="*", default=list(dict.fromkeys(TESTS)))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    collected = _Collected()
    pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", "--no-header", *options.tests], plugins=[collected])
    print(f"{len(collected.calls)} tests", flush=True)
    if options.thresholds:
        move_thresholds(options.only, collected.calls)
        return
    looked, survived = 0, []
    for name, function in functions():
        if not re.search(options.only, name):
            continue
        for shown, expression in constants(function):
            code = mutant(function, expression)
            if code is None:
                continue
            looked += 1
            if survives(function, code, collected.calls):
                survived.append(f"{name} -> {shown}")
                print(survived[-1], flush=True)
    print(f"{looked} mutants, {len(survived)} survive")
    if options.json:
        options.json.write_text(json.dumps(survived, indent=1))
    sys.exit(1 if survived else 0)


if __name__ == "__main__":
    main()
