"""Ways of holding tests back that stand in helpers, tables, macros and metadata, and their look-alikes."""

from __future__ import annotations

import pytest
from weakening_rows import edited

from bot.weakening.gate import weakening_findings
from tests.fakes.dict_tree import DictTree, changes

TABLE = """
package shop

func TestPrice(t *testing.T) {
	cases := map[string]struct{ n, want int; skipHere bool }{
		"none": {n: 0, want: 0},
		"two":  {n: 2, want: 20},
	}
	for name, tc := range cases {
		t.Run(fmt.Sprintf("%s", name), func(t *testing.T) {
			if tc.skipHere {
				t.Skip("elsewhere")
			}
			assert.Equal(t, tc.want, Price(tc.n))
		})
	}
}
"""
PLAIN = TABLE.replace("; skipHere bool", "").replace(
    '\t\t\tif tc.skipHere {\n\t\t\t\tt.Skip("elsewhere")\n\t\t\t}\n', ""
)
NEW_ROW = '\t\t"two":  {n: 2, want: 20},\n\t\t"many": {n: 9, want: 1, skipHere: true},\n'
WRAPPED = """
use shop::{
    one, two,
};

rt_test! {
    use shop::three;

    #[test]
    fn busy() {
        assert_eq!(one(), 1);
    }

    #[test]
    fn idle() {
        assert_eq!(two(), 2);
    }
}
"""
SPEC = """
describe 'a' do
  it 'writes' do
    expect(write).to eq(1)
  end
end
"""
BUILD = "test('is the latest', async (t) => {\n  t.plan(1)\n  t.equal(read(), build())\n})\n"

RUST = "#[test]\nfn a() {\n    assert_eq!(f(), 1);\n}\n"
WEAKER = {
    "Go helper that skips": (
        "a_test.go",
        PLAIN,
        PLAIN.replace("\tcases :=", "\tskipWindows(t)\n\tcases :="),
        "tests.skip_conditional",
    ),
    "Go helper of a package": (
        "a_test.go",
        PLAIN,
        PLAIN.replace("\tcases :=", "\ttestutil.SkipUnlessRoot(t)\n\tcases :="),
        "tests.skip_conditional",
    ),
    "a row that is held back by its field": (
        "a_test.go",
        TABLE,
        TABLE.replace("want: 20", "want: 20, skipHere: onWindows()"),
        "tests.skip",
    ),
    "rows grew, and an old one may be skipped": (
        "a_test.go",
        PLAIN,
        PLAIN.replace('\t\t"two"', '\t\t"one": {n: 1, want: 10},\n\t\t"two"').replace(
            "\t\t\tassert", '\t\t\tif err != nil {\n\t\t\t\tt.Skipf("%v", err)\n\t\t\t}\n\t\t\tassert'
        ),
        "tests.skip_conditional",
    ),
    "Rust test inside a macro": (
        "tests/a.rs",
        WRAPPED,
        WRAPPED.replace("    fn idle", "    #[cfg(not(windows))]\n    fn idle"),
        "tests.skip_conditional",
    ),
    "Rust test removed from a macro": (
        "tests/a.rs",
        WRAPPED,
        WRAPPED[: WRAPPED.index("    #[test]\n    fn idle")] + "}\n",
        "tests.removed",
    ),
    "RSpec pending under a condition": (
        "a_spec.rb",
        SPEC,
        SPEC.replace("    expect", "    pending('broken there', :if => RUBY_ENGINE == 'jruby')\n    expect"),
        "tests.skip_conditional",
    ),
    "minitest helper that skips": (
        "a_spec.rb",
        SPEC,
        SPEC.replace("    expect", "    skip_unless_linux\n    expect"),
        "tests.skip_conditional",
    ),
    "Python helper that skips": (
        "test_a.py",
        "def test_a():\n    assert f() == 1\n",
        "def test_a():\n    skip_if_no_network()\n    assert f() == 1\n",
        "tests.skip_conditional",
    ),
    "in a directory of tests called build": (
        "test/build/serializer.test.js",
        BUILD,
        BUILD.replace("', async", "', { skip: !released }, async"),
        "tests.skip_conditional",
    ),
    "a return before everything, in Python": (
        "test_a.py",
        "def test_a():\n    made = f()\n    assert made == 1\n",
        "def test_a():\n    return\n    made = f()\n    assert made == 1\n",
        "tests.skip",
    ),
    "a return before everything, in JavaScript": (
        "a.test.js",
        "it('a', () => {\n  const made = f()\n  expect(made).toBe(1)\n})\n",
        "it('a', () => {\n  return\n  const made = f()\n  expect(made).toBe(1)\n})\n",
        "tests.skip",
    ),
    "a return before everything, in Go": (
        "a_test.go",
        PLAIN,
        PLAIN.replace("\tcases :=", "\treturn\n\tcases :="),
        "tests.skip",
    ),
    "a file that asks for a platform": (
        "tests/a.rs",
        RUST,
        "#![cfg(unix)]\n" + RUST,
        "tests.skip_conditional",
    ),
    "one demand more of a file": (
        "tests/a.rs",
        '#![cfg(feature = "full")]\n' + RUST,
        '#![cfg(all(feature = "full", not(miri)))]\n' + RUST,
        "tests.skip_conditional",
    ),
    "one feature more": (
        "tests/a.rs",
        '#[cfg(feature = "a")]\n' + RUST,
        '#[cfg(all(feature = "a", feature = "b"))]\n' + RUST,
        "tests.skip_conditional",
    ),
}
FINE = {
    "a return at the end of a callback": (
        "a.test.js",
        "it('a', done => {\n  run(() => {\n    done()\n  })\n  expect(f()).toBe(1)\n})\n",
        "it('a', done => {\n  run(() => {\n    log()\n    return\n    done()\n  })\n  expect(f()).toBe(1)\n})\n",
    ),
    "a skip in the place of a return": (
        "test_a.py",
        "def test_a():\n    return\n    assert f() == 1\n",
        "@pytest.mark.skip\ndef test_a():\n    assert f() == 1\n",
    ),
    "tests of what is vendored": (
        "_vendor/perks/a_test.go",
        PLAIN,
        PLAIN.replace("func TestPrice", "func BrokenTestPrice"),
    ),
    "a new row that says so": ("a_test.go", PLAIN, TABLE.replace('\t\t"two":  {n: 2, want: 20},\n', NEW_ROW)),
    "a row with its field off": ("a_test.go", TABLE, TABLE.replace("want: 20", "want: 20, skipHere: false")),
    "a row no longer held back": ("a_test.go", TABLE.replace("want: 20", "want: 20, skipHere: true"), TABLE),
    "a macro that wraps no tests": (
        "tests/a.rs",
        "thread_local! {\n    static A: u8 = 1;\n}\n#[test]\nfn a() {\n    assert_eq!(f(), 1);\n}\n",
        "#[test]\nfn a() {\n    assert_eq!(f(), 1);\n}\n",
    ),
    "pending taken out of an example": (
        "a_spec.rb",
        SPEC.replace("    expect", "    pending 'not yet'\n    expect"),
        SPEC,
    ),
    "combinations of new parameters": (
        "test_a.py",
        "@pytest.mark.parametrize('n', [1, 2])\ndef test_a(n):\n    assert f(n) == n\n",
        "@pytest.mark.parametrize('n', [1, 2, 3, 4])\ndef test_a(n):\n    if n == 4 and OLD:\n"
        "        pytest.skip('no')\n"
        "    assert f(n) == n\n",
    ),
    "features in other words": (
        "tests/a.rs",
        '#![cfg(feature = "full")]\n' + RUST,
        '#![cfg(all(feature = "net", feature = "time"))]\n' + RUST,
    ),
    "a demand moved from the tests to the file": (
        "tests/a.rs",
        "#[cfg(unix)]\n" + RUST,
        "#![cfg(unix)]\n" + RUST,
    ),
    "a function inside that returns": (
        "test_a.py",
        "def test_a():\n    def handle(sock):\n        sock.send(b'a')\n        sock.close()\n"
        "    assert serve(handle) == 1\n",
        "def test_a():\n    def handle(sock):\n        if sock is None:\n            return\n        sock.send(b'a')\n"
        "        sock.close()\n    assert serve(handle) == 1\n",
    ),
    "a skip for a new parameter only": (
        "test_a.py",
        "def test_a(made):\n    assert f(made) == 1\n",
        "def test_a(made, kind):\n    if kind == 'b':\n        pytest.skip('no')\n    assert f(made) == 1\n",
    ),
}


@pytest.mark.parametrize("name", WEAKER)
def test_weaker(name: str) -> None:
    path, before, after, code = WEAKER[name]
    assert code in edited(path, before, after)


@pytest.mark.parametrize("name", FINE)
def test_fine(name: str) -> None:
    assert edited(*FINE[name]) == set()


def test_the_finding_says_the_condition() -> None:
    before = {"tests/test_a.py": "def test_total():\n    assert total([1, 2]) == 3\n"}
    after = {"tests/test_a.py": "@pytest.mark.skipif(WINDOWS, reason='slow')\n" + before["tests/test_a.py"]}
    found = weakening_findings(DictTree(before), DictTree(after), changes(before, after))
    assert [one.message for one in found] == [
        "The existing test `test_total` no longer runs everywhere: pytest.mark.skipif(WINDOWS)."
    ]
