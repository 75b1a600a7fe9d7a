"""Which lines fit into a budget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.plan.context.packing import FRAME_TOKENS, WHOLE_TOKENS, Packable, gaps, pack
from bot.plan.context.pieces import Piece


def file(path: str, *scores: float, lines: int = 10, width: int = 10, **rest: bool) -> Packable:
    """A file of pieces of `lines` lines each, every line `width` tokens (a character is a token here)."""
    text = ("x" * (width - 1) + "\n") * lines * len(scores)
    pieces = [(Piece(n * lines + 1, (n + 1) * lines, (f"f{n}",), True), score) for n, score in enumerate(scores)]
    return Packable(path, text, pieces, **rest)


def test_the_best_piece_of_the_best_file_comes_first() -> None:
    packed = pack([file("a.py", 1, 9, 1, 1, 1, 1), file("b.py", 9, 1, 1, 1, 1, 1)], 100 + FRAME_TOKENS, len)
    assert packed.ranges == {"a.py": ((11, 20),)}


def test_pieces_beside_each_other_are_one_excerpt() -> None:
    packed = pack([file("a.py", 1, 9, 9, 1, 1, 1, 1)], 230, len)
    assert packed.ranges == {"a.py": ((11, 30),)}


def test_a_small_file_is_shown_whole_or_not_at_all() -> None:
    small = file("a.py", 9, 1, 1, lines=5)
    assert len(small.text) + FRAME_TOKENS <= WHOLE_TOKENS
    assert pack([small], 500, len).ranges == {"a.py": ((1, 15),)}
    assert pack([small], len(small.text) - 1, len).ranges == {}


def test_a_file_that_is_nearly_shown_is_shown_whole_where_it_fits() -> None:
    big = file("a.py", 9, 9, 9, 9, 9, 0.01, lines=20)
    assert pack([big], 1_200 + FRAME_TOKENS, len).ranges["a.py"] == ((1, 120),)


def test_a_file_that_is_asked_for_is_whole_before_anything_else() -> None:
    wanted = file("b.py", 1, 1, 1, 1, 1, 1, whole=True)
    packed = pack([file("a.py", 9, 9, 9, 9, 9, 9), wanted], 700, len)
    assert packed.ranges == {"b.py": ((1, 60),)}


def test_of_a_file_that_is_named_the_best_part_is_shown_before_better_files() -> None:
    named = file("z.py", 0, 2, 0, 0, 0, 0, certain=True)
    packed = pack([*(file(f"{n}.py", 9, 9, 9, 9, 9, 9) for n in range(5)), named], 100 + FRAME_TOKENS, len)
    assert packed.ranges == {"z.py": ((11, 20),)}


def test_the_head_of_a_class_comes_with_its_method() -> None:
    text = "y\n" * 300
    head = Piece(1, 10, ("C",))
    methods = [Piece(n, n + 9, ("C", f"m{n}"), True) for n in range(11, 291, 10)]
    pieces = [(head, 0.0), *((one, 5.0 if one.start == 151 else 0.0) for one in methods), (Piece(291, 300, ()), 0.0)]
    packed = pack([Packable("a.py", text, pieces, certain=True)], 80, len)
    assert packed.ranges["a.py"][0][0] == 1 and any(start <= 151 <= end for start, end in packed.ranges["a.py"])


@given(st.lists(st.lists(st.floats(0, 10), min_size=1, max_size=8), max_size=6), st.integers(0, 3_000), st.booleans())
def test_the_budget_is_never_overdrawn_and_ranges_are_in_order(
    scores: list[list[float]], budget: int, whole: bool
) -> None:
    files = [file(f"{n}.py", *one, whole=whole) for n, one in enumerate(scores)]
    packed = pack(files, budget, len)
    assert packed.used <= budget + 1
    for one in files:
        last = 0
        for start, end in packed.ranges.get(one.path, ()):
            assert last < start <= end <= 10 * len(one.pieces)
            last = end
    assert pack(files, budget, len) == packed


def test_gaps_are_the_lines_between() -> None:
    assert gaps(((3, 4), (7, 9)), 10) == ((1, 2), (5, 6), (10, 10))
    assert gaps(((1, 10),), 10) == () and gaps((), 2) == ((1, 2),)
