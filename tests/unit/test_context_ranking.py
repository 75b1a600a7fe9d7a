"""What a text asks about, and the order of files for it."""

from __future__ import annotations

import pytest

from bot.plan.context.analysis import Analysis, analyse
from bot.plan.context.imports import import_edges
from bot.plan.context.question import Frame, read_question
from bot.plan.context.ranking import Scored, rank
from bot.plan.context.retrieval import Document, candidates, first_scores, idf_of
from bot.plan.context.words import stem, term_counts, words

OCCURRENCES = {"once": 1.0, "many": 14.0}


# -- words ----------------------------------------------------------------------------------------------------------
def test_words_know_the_parts_of_identifiers() -> None:
    assert words("read_texts readTexts HTTPServer v2 the") == [
        "read_texts", "read", "text", "readtexts", "read", "text", "httpserver", "http", "server", "v2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "forms",
    [("parse", "parsed", "parsing"), ("file", "files"), ("run", "running"), ("entry", "entries"), ("class", "classes")],
)
def test_forms_of_one_word_are_one_term(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_private_names_are_found_by_the_plain_name_and_data_is_not_a_word() -> None:
    assert words("_private __all__") == words("private all_") == ["privat"]
    assert words("x" * 100) == [] and term_counts("größe Größe") == {"größe": 2}


# -- the question ---------------------------------------------------------------------------------------------------
TRACE = """Traceback (most recent call last):
  File "/usr/lib/shop/cart.py", line 12, in total
    raise ValueError("x")
ValueError: the cart of user 7 is not a valid cart object
"""


def test_a_stack_trace_gives_places_and_the_message_between_its_values() -> None:
    question = read_question("total fails", TRACE)
    assert question.frames == (Frame("/usr/lib/shop/cart.py", 12, "total"),)
    assert "is not a valid cart object" in question.messages


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("    at Cart.total (lib/cart.js:3:5)", Frame("lib/cart.js", 3, "total")),
        ("cart.go:17: bad", Frame("cart.go", 17, "")),
        ("thread panicked at src/cart.rs:9:5", Frame("src/cart.rs", 9, "")),
        ("lib/cart.rb:4:in `total'", Frame("lib/cart.rb", 4, "total")),
        ("https://github.com/o/r/blob/main/src/cart.py#L8-L9", Frame("//github.com/o/r/blob/main/src/cart.py", 8, "")),
    ],
)
def test_places_in_the_traces_of_other_languages(text: str, frame: Frame) -> None:
    assert frame in read_question("t", text).frames


def test_identifiers_weigh_by_where_they_are_written() -> None:
    question = read_question("Fix `total`", "Call `Cart.total` and apply_discount here.\n```\nother = 1\n```\nplain\n")
    found = question.identifiers
    assert found["total"] == 1.0 > found["apply_discount"] > found["other"] and "plain" not in found


def test_imports_and_dotted_names_are_modules() -> None:
    question = read_question("t", "```\nfrom shop.cart import Cart, total as t\nimport shop.mail\n```\nuse a.b.c")
    assert question.modules["shop.cart"] == {"Cart", "total"}
    assert question.modules["a.b"] == {"c"} and "shop.mail" in question.modules


def test_a_repeated_word_counts_less_each_time() -> None:
    terms = read_question("", "cart " * 100 + "mail").terms
    assert terms["mail"] == 1 < terms["cart"] < 7


# -- the first stage ------------------------------------------------------------------------------------------------
def test_a_rare_word_decides_and_rows_of_other_commits_do_not_count() -> None:
    question = read_question("discount cart", "")
    documents = [Document("a.py", 1, 10), Document("b.py", 2, 10), Document("c.py", 3, 10)]
    postings = {"cart": [(1, "once"), (2, "once"), (3, "once")], "discount": [(2, "once"), (99, "many")]}
    scores = first_scores(question, documents, postings, OCCURRENCES)
    assert max(scores, key=lambda path: scores[path][0]) == "b.py"
    without = first_scores(question, documents, {**postings, "discount": [(2, "once")]}, OCCURRENCES)
    assert scores == without


def test_a_long_file_needs_more_of_a_word() -> None:
    documents = [Document("a.py", 1, 10), Document("b.py", 2, 10_000)]
    scores = first_scores(read_question("cart", ""), documents, {"cart": [(1, "once"), (2, "once")]}, OCCURRENCES)
    assert scores["a.py"][0] > scores["b.py"][0]


def test_candidates_are_the_named_ones_then_the_best() -> None:
    scores = {"a.py": (1.0, 0.0), "b.py": (9.0, 0.0), "c.py": (0.0, 2.0), "d.py": (0.0, 0.0)}
    assert candidates(scores, ["d.py", "gone.py"], 3) == ["d.py", "b.py", "c.py"]


def test_a_term_of_every_document_still_weighs_something() -> None:
    assert 0 < idf_of(10, 10) < idf_of(1, 10)


# -- the second stage -----------------------------------------------------------------------------------------------
FILES = {
    "shop/cart.py": "from shop.money import rounded\n\ndef total(items):\n    return rounded(sum(items))\n",
    "shop/money.py": "def rounded(value):\n    return round(value, 2)\n",
    "shop/mail.py": "def send(to):\n    raise ValueError('cannot reach the mail server now')\n",
    "shop/other.py": "def unrelated():\n    return 1\n",
}


def order(
    title: str, body: str = "", files: dict[str, str] | None = None, recent: tuple[str, ...] = ()
) -> list[Scored]:
    texts = files or FILES
    question = read_question(title, body)
    analyses = {path: analyse(text, path) for path, text in texts.items()}
    counts = {path: term_counts(text) for path, text in texts.items()}
    rows = {path: number for number, path in enumerate(texts)}
    postings = {term: [(rows[path], "once") for path in texts if term in counts[path]] for term in question.terms}
    documents = [Document(path, rows[path], sum(counts[path].values())) for path in texts]
    scores = first_scores(question, documents, postings, OCCURRENCES)
    idf = {term: idf_of(len(found), len(texts)) for term, found in postings.items()}
    return rank(question, scores, texts, analyses, idf, recent)


def paths(ranked: list[Scored]) -> list[str]:
    return [one.path for one in ranked]


def test_the_file_that_defines_what_is_named_comes_first_and_says_why() -> None:
    first = order("`total` is wrong")[0]
    assert first.path == "shop/cart.py" and "defines what the text names" in first.reason


def test_a_file_that_the_best_file_imports_comes_before_an_unrelated_one() -> None:
    ranked = paths(order("`total` of the items"))
    assert ranked.index("shop/money.py") < ranked.index("shop/other.py")


def test_a_quoted_message_finds_the_line_that_raises_it() -> None:
    assert paths(order("crash", "It says: ValueError: cannot reach the mail server now"))[0] == "shop/mail.py"


def test_a_file_that_is_named_comes_first() -> None:
    first = order("Change `unrelated` in shop/other.py")[0]
    assert first.signals["mention"] == 1 and "named in the text" in first.reason


def test_history_decides_between_equal_files() -> None:
    files = {"a.py": "cart = 1\n", "b.py": "cart = 1\n"}
    assert paths(order("cart", "", files)) == ["a.py", "b.py"]
    assert paths(order("cart", "", files, recent=("b.py", "b.py"))) == ["b.py", "a.py"]


def test_the_same_values_give_the_same_order_whatever_theirs_was() -> None:
    backwards = dict(reversed(FILES.items()))
    assert order("the total of items") == order("the total of items", "", backwards)


def test_the_best_piece_of_a_file_has_the_best_score() -> None:
    text = "def a():\n    return 1\n\n\ndef discount(cart):\n    return cart\n"
    (only,) = order("discount of a cart", "", {"shop.py": text})
    best = max(only.pieces, key=lambda one: one[1])
    assert best[0].names == ("discount",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a/b.py", "from a import money\n"),
        ("a/b.js", "import x from './money.js'\n"),
        ("a/b.rs", "use crate::money::x;\n"),
    ],
)
def test_imports_lead_to_files_by_their_names(path: str, text: str) -> None:
    target = "a/money" + path[path.rindex(".") :]
    analyses: dict[str, Analysis] = {path: analyse(text, path), target: analyse("x = 1\n", target)}
    assert import_edges(analyses) == {path: [target]}


def test_a_name_that_several_folders_share_needs_the_folder_in_the_import() -> None:
    texts = {"a/x.py": "from b.money import y\n", "b/money.py": "", "c/money.py": ""}
    assert import_edges({path: analyse(text, path) for path, text in texts.items()}) == {"a/x.py": ["b/money.py"]}
