"""What a path alone tells: whether a file may be shown, its role, and which paths a text names."""

from __future__ import annotations

import pytest

from bot.plan.context.paths import considered, matching_tests, mentioned, prior, readable, role_of

SHOP = (
    "README.md", "src/shop/cart/totals.py", "src/shop/cart/__init__.py", "src/shop/mail.py", "src/shop/web/__init__.py",
    "tests/test_totals.py", "tests/test_mail.py", "Makefile",
)  # fmt: skip


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
    assert mentioned(SHOP, text) == named


def test_a_name_that_many_share_names_none() -> None:
    paths = [f"src/{name}/__init__.py" for name in "abcd"]
    assert mentioned(paths, "every __init__.py") == []
    assert mentioned(paths, "src/a/__init__.py alone") == ["src/a/__init__.py"]


def test_paths_with_spaces_are_named_as_they_are() -> None:
    assert mentioned(["docs/my file.md", "größe.py"], "see docs/my file.md and größe.py") == [
        "docs/my file.md", "größe.py",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("src/shop/mail.py", "source"),
        ("tests/test_mail.py", "test"),
        ("src/mail.spec.ts", "test"),
        ("mail_test.go", "test"),
        ("src/test/java/MailTest.java", "test"),
        ("src/MailTest.java", "test"),
        ("src/latest.py", "source"),
        ("src/contest/rank.py", "source"),
        ("docs/guide.py", "document"),
        ("CHANGELOG.md", "document"),
        ("pyproject.toml", "document"),
    ],
)
def test_the_role_of_a_file(path: str, role: str) -> None:
    assert role_of(path) == role


@pytest.mark.parametrize(
    "path",
    [".env", "config/.env.production", "deploy/id_rsa", "tls/server.key", "a.pem", ".netrc", ".npmrc", "logo.PNG",
     "x.zip", "odd\nname.py", "line\u2028sep.py"],
)  # fmt: skip
def test_secrets_binaries_and_odd_names_are_never_readable(path: str) -> None:
    assert not readable(path)


@pytest.mark.parametrize(
    "path",
    ["package-lock.json", "vendor/x/y.go", "src/pip/_vendor/six.py", "app.min.js", "dist/a.js", "a_pb2.py",
     ".github/ISSUE_TEMPLATE/bug.md", "benchmarks/run.py", "src/__snapshots__/a.snap", ".gitignore",
     "web/.dockerignore", ".gitattributes", ".git-blame-ignore-revs", ".editorconfig", "MANIFEST.in",
     "src/shop/py.typed"],
)  # fmt: skip
def test_vendored_generated_and_templates_are_readable_and_not_considered(path: str) -> None:
    assert readable(path) and not considered(path)


def test_an_example_environment_is_considered() -> None:
    assert considered(".env.example") and considered("src/shop/mail.py")


def test_tools_and_copies_count_less_than_source() -> None:
    assert prior("mypyc/external/googletest/x.cc") < prior("scripts/release.py") < prior("src/shop/mail.py") == 1


def test_tests_are_found_by_the_name_of_the_source_file() -> None:
    tests = ["tests/test_mail.py", "tests/web/test_views.py", "tests/cart/test_views.py", "src/cart.spec.ts"]
    assert matching_tests(["src/shop/mail.py"], tests) == ["tests/test_mail.py"]
    assert matching_tests(["src/cart/views.py"], tests) == ["tests/cart/test_views.py", "tests/web/test_views.py"]
    assert matching_tests(["lib/cart.ts", "src/none.py"], tests) == ["src/cart.spec.ts"]
