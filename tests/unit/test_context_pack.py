"""The pack that a planner is shown: by role, within its budget, with codes for what was asked for and is not shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.changeset.tree import MODE_SUBMODULE, MODE_SYMLINK
from bot.plan.context.building import build_context
from bot.plan.context.pack import ContextPack
from tests.fakes.memory_tree import MemoryTree

CART = "def total(items):\n    return sum(items)\n"
BIG = "".join(f"def helper_{n}(value):\n    # Nothing about it.\n    return value + {n}\n\n\n" for n in range(120)) + (
    "def discount(cart, percent):\n    return cart * (100 - percent) / 100\n"
)
FILES: dict[str, str | bytes] = {
    "AGENTS.md": "# For agents\n\nRun the tests.\n",
    "CHANGELOG.md": "# Changelog\n\n## Next\n\n- Nothing yet.\n" + "- Older.\n" * 200,
    "README.md": "# shop\n\nThe cart, its totals and discounts.\n" * 3,
    "benchmarks/cart_total.py": "total cart\n" * 30,
    "docs/style.md": "# Style\n\nShort names.\n",
    "docs/long.md": "# Long\n" + "word word word\n" * 400,
    "logo.bin": b"\0\1",
    "shop/__init__.py": "",
    "shop/big.py": BIG,
    "shop/cart.py": '"""Sums of carts."""\n\n' + CART,
    "shop/mail.py": "def send(to):\n    ...\n",
    "tests/test_cart.py": "from shop.cart import total\n\n\ndef test_total():\n    assert total([1]) == 1\n",
    "tests/test_mail.py": "from shop.mail import send\n",
}


def build(text: str, budget: int = 4_000, files: dict[str, str | bytes] | None = None, **rest: object) -> ContextPack:
    return build_context(
        MemoryTree(files or FILES),
        text,
        budget=budget,
        count_tokens=lambda shown: len(shown) // 3,
        **rest,  # type: ignore[arg-type]
    )


def paths(pack: ContextPack) -> list[str]:
    return list(dict.fromkeys(one.path for one in pack.excerpts))


# -- excerpts -------------------------------------------------------------------------------------------------------
def test_an_excerpt_knows_its_place() -> None:
    pack = build("The total in cart.py", base="c0ffee")
    first = pack.excerpts[0]
    assert (first.path, first.start_line, first.end_line, first.whole, first.rank) == ("shop/cart.py", 1, 4, True, 1)
    assert first.text == FILES["shop/cart.py"] and first.total_lines == 4 and "named in the text" in first.reason
    entry = MemoryTree(FILES).entry("shop/cart.py")
    assert entry is not None and first.blob_id == entry.sha and pack.base == "c0ffee"
    assert pack.shows("shop/cart.py", "sum(items)") and not pack.shows("shop/cart.py", "max(items)")
    assert pack.shown_whole("shop/cart.py") and pack.ranges("shop/cart.py") == ((1, 4),)
    assert pack.shown_paths()[0] == "shop/cart.py"


def test_of_a_large_file_the_right_definition_is_shown_and_its_outline() -> None:
    pack = build("The discount of a cart is wrong for 100 percent", budget=2_000)
    (outline,) = (one for one in pack.outlines if one.path == "shop/big.py")
    assert pack.shows("shop/big.py", "def discount(cart, percent):\n    return cart * (100 - percent) / 100\n")
    assert not pack.shown_whole("shop/big.py") and outline.lines[0].endswith("def helper_0(value):")
    lines = BIG.splitlines(keepends=True)
    for one in pack.excerpts:
        if one.path == "shop/big.py":
            assert one.text == "".join(lines[one.start_line - 1 : one.end_line]) and not one.whole


def test_line_ends_are_those_of_the_file() -> None:
    pack = build("total of the cart", files={"cart.py": CART.replace("\n", "\r\n")})
    assert pack.excerpts[0].text == CART.replace("\n", "\r\n") and pack.excerpts[0].end_line == 2


def test_source_comes_first_then_its_tests_then_the_head_of_the_changelog() -> None:
    pack = build("`total` of a cart")
    roles = [one.role for one in pack.excerpts]
    assert roles == sorted(roles, key=["source", "test", "document"].index)
    assert "tests/test_cart.py" in paths(pack)
    changelog = [one for one in pack.excerpts if one.path == "CHANGELOG.md"]
    assert [one.start_line for one in changelog] == [1] and not changelog[0].whole


def test_the_test_most_like_the_text_is_shown_beside_the_tests_that_source_files_are_named_after() -> None:
    sources = {f"shop/{name}.py": f"def {name}(cart):\n    return cart\n" for name in "abcde"}
    named = {
        f"tests/{folder}test_{name}.py": f"def test_{name}():\n    assert {name}\n"
        for name in "abcde"
        for folder in ("", "x/")
    }
    feature = {"tests/test_discounts.py": "def test_discount_refused():\n    assert discount(cart, 101) is None\n"}
    pack = build("a, b, c, d and e of a cart: the discount 101 is not refused", files={**sources, **named, **feature})
    shown = [path for path in paths(pack) if path.startswith("tests/")]
    assert "tests/test_discounts.py" in shown


def test_benchmarks_and_empty_files_are_not_shown_and_a_large_file_is_read() -> None:
    found = build("total cart of the benchmarks, helper_7", budget=100_000)
    assert "benchmarks/cart_total.py" not in paths(found) and "shop/__init__.py" not in paths(found)
    huge = {"huge.py": "x = 1\n" * 20_000 + "def cart_discount():\n    pass\n", "a.py": "y = 1\n"}
    assert build("cart_discount", files=huge, budget=2_000).shows("huge.py", "def cart_discount():")  # type: ignore[arg-type]


def test_more_than_four_hundred_files_are_candidates() -> None:
    files: dict[str, str | bytes] = {f"src/pkg{n:04}/mod.py": f"value = {n}\n" for n in range(450)}
    files["src/zzz.py"] = "def unusual_name():\n    pass\n"
    pack = build("unusual name", files=files)
    assert paths(pack)[0] == "src/zzz.py"
    assert len(pack.listing) < 300 and pack.unlisted == len(files) - len(pack.listing) and "src/zzz.py" in pack.listing
    assert list(pack.listing) == sorted(pack.listing)


@settings(max_examples=30)
@given(st.integers(0, 9_000), st.sampled_from(["total in cart.py", "discount", "zzz", "shop/big.py docs/long.md"]))
def test_the_budget_is_never_overdrawn(budget: int, text: str) -> None:
    pack = build(text, budget=budget, always=("docs/*.md",), use_paths=("shop/big.py",))
    shown = sum(len(one.text) // 3 for one in (*pack.excerpts, *pack.documents))
    assert shown <= pack.used_tokens <= budget


def test_the_same_question_gives_the_same_pack_whatever_the_index_held_before(tmp_path: Path) -> None:
    fresh = build("the total of a cart")
    path = tmp_path / "index.sqlite"
    other = dict(FILES) | {f"old{n}.py": "total cart items\n" * n for n in range(40)}
    build("anything else", files=other, index_path=path)
    assert build("the total of a cart", index_path=path) == fresh == build("the total of a cart", index_path=path)


def test_a_text_without_a_known_word_still_gives_a_pack() -> None:
    assert build("zzz").listing and build("").listing
    assert build("total", files={"a.bin": b"\0"}).excerpts == ()


# -- what is always there -------------------------------------------------------------------------------------------
def test_guides_and_the_documents_of_the_config_come_on_top() -> None:
    pack = build("`total` of a cart", always=("docs/style.md",))
    assert [one.path for one in pack.documents] == ["docs/style.md", "AGENTS.md"]
    assert all(one.whole for one in pack.documents)
    assert "docs/style.md" not in paths(build("style.md", always=("docs/style.md",)))


def test_summaries_say_what_the_shown_files_are_for() -> None:
    assert [(one.path, one.text) for one in build("`total` of a cart").summaries] == [
        ("shop/cart.py", "Sums of carts.")
    ]


# -- what is not shown ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "path", "use_paths"),
    [
        ("context.too_large", "shop/big.py", ("shop/big.py",)),
        ("context.not_text", "logo.bin", ("logo.bin",)),
        ("context.no_match", "gone.py", ("gone.py",)),
    ],
    ids=["context.too_large", "context.not_text", "context.no_match"],
)
def test_what_was_asked_for_and_is_not_shown_has_a_code(code: str, path: str, use_paths: tuple[str, ...]) -> None:
    left_out = {one.path: one for one in build("the cart", use_paths=use_paths).left_out}
    assert left_out[path].code == code and left_out[path].message.endswith(".")


def test_a_file_that_is_asked_for_is_whole_where_it_fits() -> None:
    pack = build("the total of a cart", use_paths=("shop/mail.py",))
    assert paths(pack)[0] == "shop/mail.py" and pack.shown_whole("shop/mail.py") and pack.left_out == ()


def test_of_a_file_that_is_named_and_too_large_a_part_is_shown() -> None:
    pack = build("Change shop/big.py: the discount", budget=600)
    assert "shop/big.py" in paths(pack) and pack.left_out == ()


def test_a_named_file_of_which_nothing_fits_is_not_left_out_silently() -> None:
    pack = build("Change shop/big.py", budget=20)
    assert [(one.path, one.code) for one in pack.left_out] == [("shop/big.py", "context.too_large")]


def test_a_document_of_the_config_that_is_cut_is_said_to_be() -> None:
    (left_out,) = build("the cart", always=("docs/long.md",)).left_out
    assert left_out.code == "context.too_large" and "of its 401 lines" in left_out.message


@pytest.mark.parametrize("path", [".env", "deploy/id_rsa", "tls/server.key", "logo.png", "odd\nname.py"])
def test_secrets_binaries_and_odd_names_are_not_shown_even_when_they_are_asked_for(path: str) -> None:
    pack = build(f"change {path} now", files={path: "secret\n", "a.py": "x = 1\n"}, use_paths=(path,), always=(path,))
    assert path not in pack.shown_paths()
    if "\n" in path:
        assert path not in pack.listing, "a line break in a path could pass for our own words"


@pytest.mark.parametrize("path", ["package-lock.json", "vendor/x/y.go", "app.min.js", "dist/a.js"])
def test_generated_and_vendored_files_are_shown_only_when_they_are_named(path: str) -> None:
    files: dict[str, str | bytes] = {path: "text\n", "a.py": "x = 1\n"}
    assert path not in paths(build("text", files=files)) and path in paths(build(f"change {path}", files=files))


def test_links_and_submodules_are_not_read() -> None:
    tree = MemoryTree(
        {"link.py": "a.py", "sub": "", "a.py": "value = 1\n"}, {"link.py": MODE_SYMLINK, "sub": MODE_SUBMODULE}
    )
    pack = build_context(tree, "value in link.py", budget=1_000, count_tokens=len)
    assert paths(pack) == ["a.py"] and set(tree.read_paths) == {"a.py"}
