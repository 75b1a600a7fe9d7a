"""The pack that a planner is shown: its places, its budget, and codes for what was asked for and is not shown."""

from __future__ import annotations

import pytest

from bot.plan.context.building import build_context
from bot.plan.context.pack import ContextPack
from tests.fakes.memory_tree import MemoryTree

FILES = {"src/cart.py": "def total(items):\n    return sum(items)\n", "logo.bin": b"\0\1", "big.py": "x = 1\n" * 400}


def build(text: str, budget: int = 1_000, **rest: object) -> ContextPack:
    return build_context(MemoryTree(FILES), text, budget=budget, count_tokens=len, **rest)  # type: ignore[arg-type]


def test_an_excerpt_knows_its_place() -> None:
    pack = build("the total in cart.py")
    first = pack.excerpts[0]
    assert (first.path, first.start_line, first.end_line, first.whole, first.rank) == ("src/cart.py", 1, 2, True, 1)
    assert first.text == FILES["src/cart.py"] and pack.shows("src/cart.py", "sum(items)")
    assert not pack.shows("src/cart.py", "max(items)") and pack.shown_whole("src/cart.py")
    assert pack.ranges("src/cart.py") == ((1, 2),) and pack.shown_paths()[0] == "src/cart.py"


@pytest.mark.parametrize(
    ("code", "path", "use_paths"),
    [
        ("context.too_large", "big.py", ("big.py",)),
        ("context.not_text", "logo.bin", ("logo.bin",)),
        ("context.no_match", "gone.py", ("gone.py",)),
    ],
    ids=["context.too_large", "context.not_text", "context.no_match"],
)
def test_what_was_asked_for_and_is_not_shown_has_a_code(code: str, path: str, use_paths: tuple[str, ...]) -> None:
    left_out = {one.path: one for one in build("the cart", use_paths=use_paths).left_out}
    assert left_out[path].code == code and left_out[path].message.endswith(".")
