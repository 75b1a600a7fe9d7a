"""Tests that a change only moves, renames, merges or takes out with the product, and tests that it takes away."""

from __future__ import annotations

from textwrap import dedent

import pytest
from weakening_rows import codes

OTHER = "\ndef test_other():\n    assert shop.total() == 3\n"
STATIC = """
import shop

def test_sum_of_two():
    cart = shop.Cart("ann")
    cart.add("pear", 2)
    assert cart.total() == 20

def test_sum_of_none():
    cart = shop.Cart("bob")
    assert cart.total() == 0
"""
TABLE = """
import shop

@pytest.mark.parametrize(
    ("name", "fruit", "count", "total"),
    [("ann", "pear", 2, 20), ("bob", "pear", 0, 0)],
)
def test_totals(name, fruit, count, total):
    shopper = shop.Cart(name)
    if count:
        shopper.add(fruit, count)
    assert shopper.total() == total
"""
JUNIT = """
class MessageTest {
  @Test
  public void plain() {
    Message made = new Message("", "a", "b");
    assertEquals("[a] not [b]", made.text());
  }

  @Test
  public void startSame() {
    Message made = new Message("", "ba", "bc");
    assertEquals("b[a] not b[c]", made.text());
  }
}
"""
JUNIT_TABLE = """
@RunWith(Parameterized.class)
class MessageTest {
  @Parameters
  public static Collection<Object[]> data() {
    return Arrays.asList(new Object[][] {
      { "a", "b", "[a] not [b]" },
      { "ba", "bc", "b[a] not b[c]" },
    });
  }

  @Test
  public void compact() {
    Message made = new Message("", left, right);
    assertEquals(text, made.text());
  }
}
"""
APP = "app.error = function (fn) {\n  this.handlers.push(fn)\n}\napp.use = function (fn) { return error(fn) }\n"
EXPRESSO = (
    "module.exports = {\n  'test error': function () {\n    app.error(fn)\n"
    "    assert.equal(app.handlers.length, 1)\n  },\n"
    "  'test use': function () {\n    assert.ok(app.use(fn))\n  }\n}\n"
)
NOTIFY = "def notify(ex)\n  ::Airbrake.tell(ex)\n  log(ex)\nend\n"
NOTIFY_SPEC = (
    "describe 'errors' do\n  it 'tells Airbrake' do\n    mock = expect_call(::Airbrake)\n"
    "    notify(1)\n    mock.verify\n"
    "    assert mock.called\n  end\n  it 'logs' do\n    assert_equal 1, logged\n  end\nend\n"
)

SUBTEST = """
package a

func TestA(t *testing.T) {
	t.Run("when empty", func(t *testing.T) {
		assert.Equal(t, 1, f())
	})
}
"""
STAYS = {
    "several tests into one on rows": ({"test_a.py": STATIC}, {"test_a.py": TABLE}),
    "several tests into a parametrised class": ({"MessageTest.java": JUNIT}, {"MessageTest.java": JUNIT_TABLE}),
    "a member that leaves the product": (
        {"lib/app.js": APP, "test/app.test.js": EXPRESSO},
        {
            "lib/app.js": APP.split("app.use", maxsplit=1)[1].join(["app.use", ""]),
            "test/app.test.js": EXPRESSO.replace(
                EXPRESSO[EXPRESSO.index("  'test e") : EXPRESSO.index("  'test u")], ""
            ),
        },
    ),
    "a Java method that leaves the product": (
        {
            "src/main/Fields.java": (
                "class Fields {\n  boolean isMade() {\n    return field.isMade();\n  }\n"
                "  int of() { return field.isMade() ? 1 : 0; }\n}\n"
            ),
            "src/test/FieldsTest.java": (
                "class FieldsTest {\n  @Test\n  public void made() {\n    assertFalse(fields.isMade());\n  }\n}\n"
            ),
        },
        {
            "src/main/Fields.java": "class Fields {\n  int of() { return field.isMade() ? 1 : 0; }\n}\n",
            "src/test/FieldsTest.java": "class FieldsTest {\n}\n",
        },
    ),
    "a test called after what the product no longer knows": (
        {"lib/errors.rb": NOTIFY, "test/errors_test.rb": NOTIFY_SPEC},
        {
            "lib/errors.rb": NOTIFY.replace("  ::Airbrake.tell(ex)\n", ""),
            "test/errors_test.rb": NOTIFY_SPEC[: NOTIFY_SPEC.index("  it 'tells")]
            + NOTIFY_SPEC[NOTIFY_SPEC.index("  it 'logs") :],
        },
    ),
    "one of two equal tests": (
        {"test_a.py": STATIC, "tests/test_b.py": STATIC},
        {"test_a.py": STATIC + "\n\nNEW = 1\n", "tests/test_b.py": "import shop\n" + OTHER},
    ),
    "a test that never ran": (
        {"test_a.py": STATIC.replace("def test_sum_of_none", "@pytest.mark.skip\ndef test_sum_of_none")},
        {"test_a.py": STATIC[: STATIC.index("def test_sum_of_none")]},
    ),
    "a helper of JUnit 3 renamed": (
        {
            "ATest.java": (
                "class ATest extends TestCase {\n  private void testOf(Locale l) {\n"
                "    assertEquals(1, of(l));\n  }\n}\n"
            )
        },
        {
            "ATest.java": (
                "class ATest extends TestCase {\n  private void assertOf(Locale l) {\n"
                "    assertEquals(1, of(l));\n  }\n}\n"
            )
        },
    ),
    "a name that says more": (
        {"a.test.js": "test('a number', t => {\n  const app = make({ trust: 1 })\n  t.equal(app.ip, '1.1.1.1')\n})\n"},
        {
            "a.test.js": (
                "test('a number is ignored', t => {\n  const app = make({ trust: 1 })\n"
                "  t.equal(app.ip, undefined)\n  t.equal(app.host, 'x')\n})\n"
            )
        },
    ),
    "to a package called build": (
        {"tests/app.rs": '#[test]\nfn version() {\n    assert_eq!(App::new("a").version, 1);\n}\n'},
        {"src/build/tests.rs": '#[test]\nfn version() {\n    assert_eq!(App::new("a").version, 1);\n}\n'},
    ),
    "into a helper that other tests call": (
        {
            "tests/a.rs": (
                "#[test]\nfn one() {\n    let made = make(1);\n"
                '    let sub = made.sub().expect("none");\n    assert_eq!(sub.value(), "x");\n'
                '    assert_eq!(sub.next(), "y");\n}\n'
            )
        },
        {
            "tests/a.rs": (
                "mod tests {\n    fn run(n: u8) {\n        let made = make(n);\n"
                '        let sub = made.sub().expect("none");\n        assert_eq!(sub.value(), "x");\n'
                '        assert_eq!(sub.next(), "y");\n    }\n\n    #[test]\n    fn first() {\n'
                "        run(1);\n    }\n\n    #[test]\n    fn last() {\n        run(9);\n    }\n}\n"
            )
        },
    ),
    "a word of the project's own declares it": (
        {
            "spec/a_spec.rb": (
                "describe 'a' do\n  it 'says no twice' do\n    assert_equal 1, f(2)\n  end\n"
                "  it 'other' do\n    assert g\n  end\nend\n"
            )
        },
        {
            "spec/a_spec.rb": (
                "describe 'a' do\n  deprecated 'says no twice' do\n    assert_equal 1, f(2)\n  end\n"
                "  it 'other' do\n    assert g\n  end\nend\n"
            )
        },
    ),
    "a subtest whose title is put together": (
        {"a_test.go": SUBTEST},
        {"a_test.go": SUBTEST.replace('"when empty"', 'fmt.Sprintf("when empty %d", 1)')},
    ),
}

GONE = {
    "one of two tests": (
        {"test_a.py": STATIC},
        {"test_a.py": STATIC[: STATIC.index("def test_sum_of_none")]},
        "tests.removed",
    ),
    "more tests than the rows that came": (
        {"test_a.py": STATIC + OTHER + "\ndef test_third():\n    assert shop.names() == ['ann', 'bob', 'cid']\n"},
        {"test_a.py": TABLE},
        "tests.removed",
    ),
    "a member that stays": (
        {"lib/app.js": APP, "test/app.test.js": EXPRESSO},
        {
            "lib/app.js": APP + "// more\n",
            "test/app.test.js": EXPRESSO.replace(
                EXPRESSO[EXPRESSO.index("  'test e") : EXPRESSO.index("  'test u")], ""
            ),
        },
        "tests.removed",
    ),
    "a test that had to panic": (
        {
            "tests/a.rs": (
                "#[test]\n#[should_panic]\nfn bad() {\n    make(0);\n}\n#[test]\nfn good() {\n"
                "    assert!(make(1).ok);\n}\n"
            )
        },
        {"tests/a.rs": "#[test]\nfn good() {\n    assert!(make(1).ok);\n}\n"},
        "tests.removed",
    ),
    "a test made a function that none calls": (
        {
            "ATest.java": (
                "class ATest extends TestCase {\n  public void testOf() {\n    assertEquals(1, of(2));\n  }\n}\n"
            )
        },
        {
            "ATest.java": (
                "class ATest extends TestCase {\n  public void disabled_testOf() {\n"
                "    assertEquals(1, of(2));\n  }\n}\n"
            )
        },
        "tests.renamed_away",
    ),
    "from a directory of tests called build": (
        {"test/build/a.test.js": "test('a', t => { t.equal(f(), 1) })\ntest('b', t => { t.equal(g(), 2) })\n"},
        {"test/build/a.test.js": "test('a', t => { t.equal(f(), 1) })\n"},
        "tests.removed",
    ),
}


@pytest.mark.parametrize("name", STAYS)
def test_stays(name: str) -> None:
    before, after = STAYS[name]
    assert codes(*({path: dedent(text) for path, text in side.items()} for side in (before, after))) == set()


@pytest.mark.parametrize("name", GONE)
def test_gone(name: str) -> None:
    before, after, code = GONE[name]
    assert code in codes(before, after)
