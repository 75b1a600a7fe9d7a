"""Which files a planner is shown: the named first, then the likely, whole, within the budget, and never a secret."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.changeset.tree import MODE_SUBMODULE, MODE_SYMLINK
from bot.plan.context.gathering import FRAME_TOKENS, LISTED_AT_MOST, GatheredFiles, gather
from bot.plan.context.index import candidates, read_texts
from bot.plan.context.ranking import mentioned, rank_paths, words
from tests.fakes.memory_tree import MemoryTree

SHOP = {
    "README.md": "# shop\n\nThe cart, its totals and discounts.\n" * 3,
    "src/shop/cart/totals.py": "def total(items):\n    return sum(items)\n",
    "src/shop/cart/__init__.py": "",
    "src/shop/mail.py": "def send(to):\n    ...\n",
    "src/shop/web/__init__.py": "",
    "tests/test_totals.py": "from shop.cart.totals import total\n",
    "tests/test_mail.py": "from shop.mail import send\n",
    "Makefile": "test:\n\tpytest\n",
}


def look(text: str, files: dict[str, str | bytes] | None = None, budget: int = 10_000, **rest: object) -> GatheredFiles:
    tree = MemoryTree(files or SHOP)  # type: ignore[arg-type]
    return gather(tree, text, budget=budget, count_tokens=lambda shown: len(shown), **rest)  # type: ignore[arg-type]


def shown(context: GatheredFiles) -> list[str]:
    return [file.path for file in context.files]


# -- what a text names ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("change src/shop/mail.py please", ["src/shop/mail.py"]),
        ("change `cart/totals.py`.", ["src/shop/cart/totals.py"]),
        ("in mail.py: wrong", ["src/shop/mail.py"]),
        ("shop.cart.totals raises", ["src/shop/cart/totals.py"]),
        ("totals.total() is wrong", []),
        ("cart.totals.total() is wrong", ["src/shop/cart/totals.py"]),
        ("first tests/test_mail.py then mail.py", ["tests/test_mail.py", "src/shop/mail.py"]),
        ('File "/home/x/work/shop/src/shop/mail.py", line 3', ["src/shop/mail.py"]),
        ("https://github.com/o/r/blob/main/src/shop/mail.py#L3", ["src/shop/mail.py"]),
        ("src\\shop\\mail.py", ["src/shop/mail.py"]),
        ("./Makefile", ["Makefile"]),
        ("the Makefile", ["Makefile"]),
        ("__init__.py files", ["src/shop/cart/__init__.py", "src/shop/web/__init__.py"]),
        ("other.py and mail.pyc", []),
        ("send a mail about totals", []),
        ("", []),
    ],
)
def test_paths_that_a_text_names(text: str, named: list[str]) -> None:
    assert mentioned(list(SHOP), text) == named


def test_a_name_that_many_share_names_none() -> None:
    paths = [f"src/{name}/__init__.py" for name in "abcd"]
    assert mentioned(paths, "every __init__.py") == []
    assert mentioned(paths, "src/a/__init__.py alone") == ["src/a/__init__.py"]


def test_odd_paths_are_named_as_they_stand() -> None:
    assert mentioned(["docs/my file.md", "größe.py"], "see docs/my file.md and größe.py") == [
        "docs/my file.md", "größe.py",
    ]  # fmt: skip


def test_words_know_the_parts_of_identifiers() -> None:
    assert words("read_texts readTexts HTTPServer v2 the") == [
        "read", "texts", "readtexts", "read", "texts", "httpserver", "http", "server", "v2",
    ]  # fmt: skip


# -- order ----------------------------------------------------------------------------------------------------------
def test_what_is_named_comes_first_with_its_tests() -> None:
    assert shown(look("Discounts in mail.py"))[:2] == ["src/shop/mail.py", "tests/test_mail.py"]


def test_words_decide_where_nothing_is_named_and_prose_weighs_less() -> None:
    assert shown(look("the total of a cart"))[0] == "src/shop/cart/totals.py"


def test_a_text_without_a_known_word_ranks_by_depth() -> None:
    assert rank_paths(["a/b/c.py", "z.py", "a/x.py"], "zzz") == ["z.py", "a/x.py", "a/b/c.py"]
    assert rank_paths([], "x") == []


def test_context_docs_come_before_everything() -> None:
    assert shown(look("the total", always=("READ*",)))[0] == "README.md"


def test_the_same_question_gives_the_same_files() -> None:
    assert look("the total of a cart") == look("the total of a cart")


# -- the budget -----------------------------------------------------------------------------------------------------
def cost(path: str) -> int:
    return len(path) + len(SHOP[path]) + FRAME_TOKENS


def test_files_are_whole_or_left_out_and_named() -> None:
    room = cost("src/shop/mail.py") + cost("tests/test_mail.py")
    context = look("Discounts in mail.py", budget=room)
    assert shown(context) == ["src/shop/mail.py", "tests/test_mail.py"]
    assert all(file.text == SHOP[file.path] for file in context.files)
    assert "README.md" in context.left_out
    assert list(context.listing) == sorted(SHOP) and context.unlisted == 0
    tight = look("Discounts in mail.py", budget=room - 1)
    assert "tests/test_mail.py" not in shown(tight) and tight.left_out[0] == "tests/test_mail.py"


@given(st.integers(0, 2_000))
def test_the_budget_is_never_overdrawn(budget: int) -> None:
    context = look("Discounts of a cart in mail.py", budget=budget)
    assert sum(cost(path) for path in shown(context)) <= budget


def test_no_unnamed_file_takes_it_all() -> None:
    files = {"big.py": "cart " * 150, "small.py": "cart\n"}
    assert shown(look("the cart", files, 1_000)) == ["small.py"]
    assert shown(look("the cart in big.py", files, 1_000)) == ["big.py", "small.py"]


def test_a_large_tree_is_listed_in_part_and_read_in_part() -> None:
    files = {f"src/pkg{n:04}/mod.py": f"value = {n}\n" for n in range(1_500)} | {"src/cart.py": "cart = 1\n"}
    context = look("the cart", files)  # type: ignore[arg-type]
    assert len(context.listing) == LISTED_AT_MOST and context.unlisted == len(files) - LISTED_AT_MOST
    assert "src/cart.py" in context.listing and shown(context)[0] == "src/cart.py"
    assert list(context.listing) == sorted(context.listing)


# -- what is never shown --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [".env", "config/.env.production", "deploy/id_rsa", "tls/server.key", "a.pem", ".netrc", ".npmrc", "logo.PNG",
     "x.zip", "odd\nname.py", "line\u2028sep.py"],
)  # fmt: skip
def test_secrets_binaries_and_odd_names_are_not_shown_even_when_named(path: str) -> None:
    context = look(f"change {path} now", {path: "secret\n", "a.py": "x = 1\n"})
    assert shown(context) == ["a.py"]
    if "\n" in path or "\u2028" in path:
        assert path not in context.listing, "a line break in a path could pass for our own words"


@pytest.mark.parametrize("path", [".env.example", "package-lock.json", "vendor/x/y.go", "app.min.js", "dist/a.js"])
def test_generated_and_vendored_files_only_when_named(path: str) -> None:
    files = {path: "text\n", "a.py": "x = 1\n"}
    assert (path in shown(look("text", files))) is (path == ".env.example")
    assert path in shown(look(f"change {path}", files))


def test_links_submodules_and_what_is_no_text_are_left_out() -> None:
    tree = MemoryTree(
        {"link.py": "a.py", "sub": "", "nul.txt": b"a\0b", "latin.txt": b"\xe9", "long.js": "x" * 6_000,
         "pointer.txt": "version https://git-lfs.github.com/spec/v1\n", "huge.py": "x = 1\n" * 20_000,
         "a.py": "x = 1\n"},
        {"link.py": MODE_SYMLINK, "sub": MODE_SUBMODULE},
    )  # fmt: skip
    assert [file.path for file in read_texts(tree, candidates(tree))] == ["a.py"]
    assert "huge.py" not in tree.read_paths, "its size alone rules it out"


def test_a_named_file_that_cannot_be_shown_is_said_to_be_left_out() -> None:
    assert "nul.txt" in look("change nul.txt", {"nul.txt": b"a\0b", "a.py": "x\n"}).left_out


def test_the_search_library_logs_nothing_below_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    look("the cart's totals")
    assert [record for record in caplog.records if record.levelno < logging.WARNING] == []
