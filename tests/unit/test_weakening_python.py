"""Python tests that a change weakens, and changes that only look so."""

from __future__ import annotations

import pytest
from weakening_rows import codes, edited

BASE = """
import pytest
from shop import price

def test_price():
    assert price(2) == 20
    assert price(3) == 30

def test_free():
    assert price(0) == 0
"""

WEAKER = {
    "removed": (BASE, BASE.split("def test_free")[0], "tests.removed"),
    "skip": (BASE, BASE.replace("def test_free", "@pytest.mark.skip(reason='later')\ndef test_free"), "tests.skip"),
    "xfail": (BASE, BASE.replace("def test_free", "@pytest.mark.xfail\ndef test_free"), "tests.xfail"),
    "skipif": (
        BASE,
        BASE.replace("def test_free", "@pytest.mark.skipif(sys.platform == 'win32', reason='x')\ndef test_free"),
        "tests.skip_conditional",
    ),
    "alias of a skip": (
        BASE,
        BASE.replace("def test_price", "slow = pytest.mark.skipif(FAST, reason='')\n\n@slow\ndef test_price"),
        "tests.skip_conditional",
    ),
    "skip call": (
        BASE,
        BASE.replace("    assert price(0) == 0", "    pytest.skip('flaky')\n    assert price(0) == 0"),
        "tests.skip",
    ),
    "early return": (
        BASE,
        BASE.replace("    assert price(0) == 0", "    if WINDOWS:\n        return\n    assert price(0) == 0"),
        "tests.skip_conditional",
    ),
    "importorskip": (
        BASE,
        BASE.replace("from shop", "pytest.importorskip('numpy')\nfrom shop"),
        "tests.skip_conditional",
    ),
    "module mark": (BASE, BASE.replace("from shop", "pytestmark = pytest.mark.skip\nfrom shop"), "tests.skip"),
    "hidden name": (BASE, BASE.replace("def test_free", "def _test_free"), "tests.renamed_away"),
    "commented test": (
        BASE,
        BASE.replace("def test_free():\n    assert price(0) == 0", "# def test_free():\n#     assert price(0) == 0"),
        "tests.commented_out",
    ),
    "commented check": (BASE, BASE.replace("    assert price(3)", "    # assert price(3)"), "tests.commented_out"),
    "check dropped": (BASE, BASE.replace("    assert price(3) == 30\n", ""), "tests.assertion_removed"),
    "emptied": (BASE, BASE.replace("    assert price(0) == 0", "    price(0)"), "tests.emptied"),
    "presence for equality": (
        BASE,
        BASE.replace("assert price(3) == 30", "assert price(3) is not None"),
        "tests.assertion_loosened",
    ),
    "cannot fail": (
        BASE,
        BASE.replace("assert price(0) == 0", "assert price(0) == 0 or True"),
        "tests.assertion_loosened",
    ),
    "guarded": (
        BASE,
        BASE.replace("    assert price(3) == 30", "    if not CI:\n        assert price(3) == 30"),
        "tests.assertion_guarded",
    ),
    "closeness": (
        BASE.replace("assert price(3) == 30", "assert_allclose(price(3), 30, rtol=1e-7)"),
        BASE.replace("assert price(3) == 30", "assert_allclose(price(3), 30, rtol=1e-3)"),
        "tests.tolerance_raised",
    ),
    "places": (
        "class T(TestCase):\n    def test_a(self):\n        self.assertAlmostEqual(f(), 1.0, places=7)\n",
        "class T(TestCase):\n    def test_a(self):\n        self.assertAlmostEqual(f(), 1.0, places=2)\n",
        "tests.tolerance_raised",
    ),
    "match dropped": (
        "def test_a():\n    with pytest.raises(ValueError, match='no'):\n        f()\n",
        "def test_a():\n    with pytest.raises(ValueError):\n        f()\n",
        "tests.assertion_loosened",
    ),
    "case dropped": (
        "@pytest.mark.parametrize('n', [1, 2, 3])\ndef test_a(n):\n    assert f(n) == n\n",
        "@pytest.mark.parametrize('n', [1, 3])\ndef test_a(n):\n    assert f(n) == n\n",
        "tests.cases_removed",
    ),
    "case may fail": (
        "@pytest.mark.parametrize('n', [1, 2, 3])\ndef test_a(n):\n    assert f(n) == n\n",
        "@pytest.mark.parametrize('n', [1, pytest.param(2, marks=pytest.mark.xfail), 3])\n"
        "def test_a(n):\n    assert f(n) == n\n",
        "tests.skip",
    ),
    "unittest skip": (
        "class T(TestCase):\n    def test_a(self):\n        self.assertEqual(f(), 1)\n",
        "@unittest.skip('broken')\nclass T(TestCase):\n    def test_a(self):\n        self.assertEqual(f(), 1)\n",
        "tests.skip",
    ),
    "python 2": (
        "def test_a():\n    print 'x'\n    assert f() == 1\n",
        "def test_b():\n    print 'y'\n    assert g(other, thing) in elsewhere\n",
        "tests.removed",
    ),
}

FINE = {
    "new test with a skip": (BASE, BASE + "\n@pytest.mark.skip\ndef test_new():\n    assert price(9) == 90\n"),
    "renamed": (BASE, BASE.replace("test_free", "test_nothing_costs_nothing")),
    "skip removed": (BASE.replace("def test_free", "@pytest.mark.skip\ndef test_free"), BASE),
    "uses a fixture": (BASE, BASE.replace("def test_free", "@pytest.mark.usefixtures('tmp')\ndef test_free")),
    "skip as a word": (BASE, BASE.replace("price(3)", "price(3, skip='no skip')")),
    "return became skipif": (
        BASE.replace("    assert price(0)", "    if WINDOWS:\n        return\n    assert price(0)"),
        BASE.replace("def test_free", "@pytest.mark.skipif(WINDOWS, reason='x')\ndef test_free"),
    ),
    "reason reworded": (
        BASE.replace("def test_free", "@pytest.mark.skip(reason='a')\ndef test_free"),
        BASE.replace("def test_free", "@pytest.mark.skip(reason='b')\ndef test_free"),
    ),
    "formatted": (BASE, BASE.replace("assert price(2) == 20", "assert (\n        price( 2 )\n        == 20\n    )")),
    "closer": (
        BASE.replace("== 30", "== approx(30, abs=1e-3)"),
        BASE.replace("== 30", "== approx(30, abs=1e-6)"),
    ),
    "written differently": (
        BASE.replace("assert price(3) == 30", "assert_allclose(price(3), 30, rtol=0.001)"),
        BASE.replace("assert price(3) == 30", "assert_allclose(price(3), 30, rtol=1e-3)"),
    ),
    "parametrised": (
        BASE,
        BASE.replace(
            "def test_price():\n    assert price(2) == 20\n    assert price(3) == 30",
            "@pytest.mark.parametrize('n, cost', [(2, 20), (3, 30)])\n"
            "def test_price(n, cost):\n    assert price(n) == cost",
        ),
    ),
    "checks in a helper": (
        BASE,
        BASE.replace("    assert price(2) == 20\n    assert price(3) == 30", "    check_prices()")
        + "\ndef check_prices():\n    assert price(2) == 20\n    assert price(3) == 30\n",
    ),
    "match added": (
        "def test_a():\n    with pytest.raises(ValueError):\n        f()\n",
        "def test_a():\n    with pytest.raises(ValueError, match='no'):\n        f()\n",
    ),
    "expected value": (BASE, BASE.replace("== 30", "== 33")),
    "two checks in one": (
        BASE,
        BASE.replace(
            "    assert price(2) == 20\n    assert price(3) == 30", "    assert (price(2), price(3)) == (20, 30)"
        ),
    ),
    "unittest to pytest": (
        "class T(TestCase):\n    def test_a(self):\n"
        "        self.assertEqual(f(), 1)\n        self.assertIn('a', g())\n",
        "class TestT:\n    def test_a(self):\n        assert f() == 1\n        assert 'a' in g()\n",
    ),
    "new case that may fail": (
        "@pytest.mark.parametrize('n', [1, 2])\ndef test_a(n):\n    assert f(n) == n\n",
        "@pytest.mark.parametrize('n', [1, 2, pytest.param(3, marks=pytest.mark.xfail)])\n"
        "def test_a(n):\n    assert f(n) == n\n",
    ),
    "helper renamed": (
        "def load(x):\n    assert x\n\ndef test_a():\n    load(1)\n",
        "def load_it(x):\n    assert x\n\ndef test_a():\n    load_it(1)\n",
    ),
}


@pytest.mark.parametrize(("before", "after", "code"), WEAKER.values(), ids=WEAKER)
def test_weaker(before: str, after: str, code: str) -> None:
    assert code in edited("tests/test_price.py", before, after)


@pytest.mark.parametrize(("before", "after"), FINE.values(), ids=FINE)
def test_fine(before: str, after: str) -> None:
    assert edited("tests/test_price.py", before, after) == set()


def test_a_file_of_tests_that_goes_alone() -> None:
    base = {"tests/test_a.py": BASE, "shop.py": "def price(n):\n    return n * 10\n"}
    assert codes(base, {"shop.py": base["shop.py"]}) == {"tests.file_deleted"}


def test_tests_go_with_the_code_they_tested() -> None:
    base = {"tests/test_a.py": BASE, "shop.py": "def price(n):\n    return n * 10\n\ndef tax():\n    return 1\n"}
    assert codes(base, {"shop.py": "def tax():\n    return 1\n"}) == set()


def test_a_test_that_moves_to_another_file() -> None:
    half = "def test_free():\n    assert price(0) == 0\n"
    base = {"tests/test_a.py": BASE, "tests/test_b.py": "def test_b():\n    assert True is not False\n"}
    head = {"tests/test_a.py": BASE.split("def test_free")[0], "tests/test_b.py": base["tests/test_b.py"] + half}
    assert codes(base, head) == set()


def test_a_file_renamed_to_what_no_runner_finds() -> None:
    found = codes(
        {"tests/test_a.py": BASE}, {"old/a.py.disabled": BASE}, renames={"tests/test_a.py": "old/a.py.disabled"}
    )
    assert found == {"tests.file_deleted"} or found == {"tests.removed"}


def test_a_file_renamed() -> None:
    assert (
        codes(
            {"tests/test_a.py": BASE},
            {"tests/unit/test_a.py": BASE},
            renames={"tests/test_a.py": "tests/unit/test_a.py"},
        )
        == set()
    )


def test_a_renamed_test_is_still_compared() -> None:
    after = BASE.replace("test_price", "test_what_it_costs").replace("    assert price(3) == 30\n", "    price(4)\n")
    assert edited("tests/test_price.py", BASE, after) == {"tests.assertion_removed"}


def test_a_test_that_its_neighbour_takes_in() -> None:
    merged = BASE.split("def test_free")[0].replace("== 30\n", "== 30\n    assert price(0) == 0\n")
    assert edited("tests/test_price.py", BASE, merged) == set()


def test_a_test_split_in_two() -> None:
    parts = (
        "def test_price_of_two():\n    assert costs(2, 20)\n\ndef test_price_of_three():\n    assert costs(3, 30)\n\n"
    )
    after = BASE[: BASE.index("def test_price")] + parts + BASE[BASE.index("def test_free") :]
    assert edited("tests/test_price.py", BASE, after) == set()
