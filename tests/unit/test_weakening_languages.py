"""Tests in JavaScript, TypeScript, Go, Java, Rust and Ruby that a change weakens, and changes that only look so."""

from __future__ import annotations

import pytest
from weakening_rows import codes, edited

JS = """
describe('price', () => {
  it('is ten each', () => {
    expect(price(2)).toEqual(20)
    expect(price(3)).toEqual(30)
  })
  it('is free for none', () => {
    expect(price(0)).toBe(0)
  })
})
"""
TAP = """
test('ten each', async (t) => {
  t.plan(2)
  t.equal(price(2), 20)
  t.deepEqual(list(), [1])
})
"""
GO = """
package shop

func TestPrice(t *testing.T) {
	if Price(2) != 20 {
		t.Errorf("wrong")
	}
	assert.Equal(t, 30, Price(3))
}

func TestTable(t *testing.T) {
	for _, c := range []struct{ n, want int }{{1, 10}, {2, 20}, {3, 30}} {
		assert.Equal(t, c.want, Price(c.n))
	}
}
"""
GINKGO = """
package shop

var _ = Describe("price", func() {
	It("is ten each", func() {
		Expect(Price(2)).To(Equal(20))
	})
	It("is free for none", func() {
		Expect(Price(0)).To(Equal(0))
	})
})
"""
JAVA = """
class PriceTest {
  @Test
  void tenEach() {
    assertEquals(20, price(2));
    assertThat(price(3)).isEqualTo(30);
  }

  @Test(expected = IllegalArgumentException.class)
  public void negative() {
    price(-1);
  }
}
"""
RUST = """
pub fn price(n: u32) -> u32 { n * 10 }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_each() {
        assert_eq!(price(2), 20);
        assert_eq!(price(3), 30);
    }

    #[test]
    fn free() {
        assert_eq!(price(0), 0);
    }
}
"""
RUBY = """
describe 'price' do
  it 'is ten each' do
    expect(price(2)).to eq(20)
    expect(price(3)).to eq(30)
  end

  it 'is free for none' do
    expect(price(0)).to eq(0)
  end
end
"""
MINITEST = """
class PriceTest < Minitest::Test
  def test_ten_each
    assert_equal 20, price(2)
    assert_equal 30, price(3)
  end
end
"""

ROWS = [
    # JavaScript and TypeScript
    ("a.test.js", JS, ("it('is free", "it.skip('is free"), "tests.skip"),
    ("a.test.js", JS, ("it('is free", "xit('is free"), "tests.skip"),
    ("a.test.js", JS, ("describe('price'", "describe.skip('price'"), "tests.skip"),
    ("a.test.js", JS, ("it('is free", "it.only('is free"), "tests.focus"),
    ("a.test.js", JS, ("it('is free", "fit('is free"), "tests.focus"),
    ("a.test.ts", JS, ("it('is free", "it.todo('is free"), "tests.skip"),
    ("a.test.ts", JS, ("it('is free", "it.skipIf(isWindows)('is free"), "tests.skip_conditional"),
    ("a.spec.tsx", JS, ("it('is free", "it.fails('is free"), "tests.xfail"),
    ("a.spec.ts", JS, ("    expect(price(3)).toEqual(30)\n", ""), "tests.assertion_removed"),
    ("a.spec.ts", JS, ("    expect(price(3))", "    // expect(price(3))"), "tests.commented_out"),
    ("a.spec.ts", JS, ("toEqual(30)", "toBeDefined()"), "tests.assertion_loosened"),
    ("a.spec.ts", JS, ("    expect(price(0)).toBe(0)\n", ""), "tests.emptied"),
    ("test/a.js", JS, ("  it('is free for none', () => {\n    expect(price(0)).toBe(0)\n  })\n", ""), "tests.removed"),
    ("test/a.js", TAP, ("test('ten each', async", "test('ten each', { skip: true }, async"), "tests.skip"),
    ("test/a.js", TAP, ("test('ten each', async", "test('ten each', { skip: isCI }, async"), "tests.skip_conditional"),
    ("test/a.js", TAP, ("  t.plan(2)", "  t.skip()\n  t.plan(2)"), "tests.skip"),
    ("test/a.js", TAP, ("  t.deepEqual(list(), [1])\n", ""), "tests.assertion_removed"),
    (
        "a.test.js",
        "it.each([1, 2, 3])('n %d', (n) => { expect(f(n)).toBe(n) })\n",
        ("[1, 2, 3]", "[1, 3]"),
        "tests.cases_removed",
    ),
    ("a.test.js", JS.replace("toEqual(30)", "toBeCloseTo(30, 5)"), ("30, 5", "30, 1"), "tests.tolerance_raised"),
    # Go
    ("a_test.go", GO, ("	if Price(2)", '	t.Skip("flaky")\n	if Price(2)'), "tests.skip"),
    (
        "a_test.go",
        GO,
        ("	if Price(2)", '	if testing.Short() {\n		t.Skip("slow")\n	}\n	if Price(2)'),
        "tests.skip_conditional",
    ),
    ("a_test.go", GO, ("	assert.Equal(t, 30, Price(3))\n", ""), "tests.assertion_removed"),
    ("a_test.go", GO, ('	if Price(2) != 20 {\n		t.Errorf("wrong")\n	}\n', ""), "tests.assertion_removed"),
    ("a_test.go", GO, ("assert.Equal(t, 30, Price(3))", "assert.NotNil(t, Price(3))"), "tests.assertion_loosened"),
    ("a_test.go", GO, ("{1, 10}, {2, 20}, {3, 30}", "{1, 10}, {2, 20}"), "tests.cases_removed"),
    ("a_test.go", GO, ("func TestPrice", "func xTestPrice"), "tests.renamed_away"),
    ("a_test.go", GO, ("\npackage shop", "//go:build linux\n\npackage shop"), "tests.skip_conditional"),
    (
        "a.test.js",
        JS,
        (
            "  it('is free for none', () => {\n    expect(price(0)).toBe(0)\n  })\n",
            "  if (CI) {\n  it('is free for none', () => {\n    expect(price(0)).toBe(0)\n  })\n  }\n",
        ),
        "tests.skip_conditional",
    ),
    ("a_test.go", GINKGO, ('	It("is free', '	PIt("is free'), "tests.skip"),
    ("a_test.go", GINKGO, ('	It("is free', '	FIt("is free'), "tests.focus"),
    (
        "a_test.go",
        GO.replace("assert.Equal(t, 30, Price(3))", "assert.InDelta(t, 30, Price(3), 0.01)"),
        ("0.01", "0.5"),
        "tests.tolerance_raised",
    ),
    # Java
    ("src/test/java/PriceTest.java", JAVA, ("  @Test\n", "  @Test\n  @Disabled\n"), "tests.skip"),
    ("src/test/java/PriceTest.java", JAVA, ("class PriceTest", "@Ignore\nclass PriceTest"), "tests.skip"),
    (
        "src/test/java/PriceTest.java",
        JAVA,
        ("  @Test\n", "  @Test\n  @DisabledOnOs(OS.WINDOWS)\n"),
        "tests.skip_conditional",
    ),
    (
        "src/test/java/PriceTest.java",
        JAVA,
        ("    assertEquals(20", "    assumeTrue(isLinux());\n    assertEquals(20"),
        "tests.skip_conditional",
    ),
    ("src/test/java/PriceTest.java", JAVA, ("  @Test\n  void", "  void"), "tests.renamed_away"),
    (
        "src/test/java/PriceTest.java",
        JAVA,
        ("    assertThat(price(3)).isEqualTo(30);\n", ""),
        "tests.assertion_removed",
    ),
    ("src/test/java/PriceTest.java", JAVA, (".isEqualTo(30)", ".isNotNull()"), "tests.assertion_loosened"),
    ("src/test/java/PriceTest.java", JAVA, ("(expected = IllegalArgumentException.class)", ""), "tests.emptied"),
    ("src/test/java/PriceTest.java", JAVA, ("@Test(expected", "@Test(enabled = false, expected"), "tests.skip"),
    # Rust
    ("src/price.rs", RUST, ("    #[test]\n    fn free", "    #[test]\n    #[ignore]\n    fn free"), "tests.skip"),
    (
        "src/price.rs",
        RUST,
        ("    #[test]\n    fn free", "    #[test]\n    #[should_panic]\n    fn free"),
        "tests.xfail",
    ),
    (
        "src/price.rs",
        RUST,
        ("    #[test]\n    fn free", "    #[cfg(unix)]\n    #[test]\n    fn free"),
        "tests.skip_conditional",
    ),
    ("src/price.rs", RUST, ("    #[test]\n    fn free", "    fn free"), "tests.renamed_away"),
    ("src/price.rs", RUST, ("        assert_eq!(price(3), 30);\n", ""), "tests.assertion_removed"),
    ("src/price.rs", RUST, ("assert_eq!(price(3), 30)", "assert!(price(3) > 0)"), "tests.assertion_loosened"),
    # Ruby
    ("spec/price_spec.rb", RUBY, ("  it 'is free", "  xit 'is free"), "tests.skip"),
    (
        "spec/price_spec.rb",
        RUBY,
        ("  it 'is free for none' do", "  it 'is free for none', skip: true do"),
        "tests.skip",
    ),
    ("spec/price_spec.rb", RUBY, ("    expect(price(0))", "    skip 'later'\n    expect(price(0))"), "tests.skip"),
    ("spec/price_spec.rb", RUBY, ("  it 'is free", "  fit 'is free"), "tests.focus"),
    ("spec/price_spec.rb", RUBY, ("    expect(price(3)).to eq(30)\n", ""), "tests.assertion_removed"),
    ("test/price_test.rb", MINITEST, ("    assert_equal 30, price(3)\n", ""), "tests.assertion_removed"),
    ("test/price_test.rb", MINITEST, ("def test_ten_each", "def xtest_ten_each"), "tests.renamed_away"),
]

FINE = [
    ("a.test.js", JS, ("it('is free", "it('costs nothing")),
    ("a.test.js", JS, ("})\n})\n", "})\n  it.skip('new', () => { expect(1).toBe(1) })\n})\n")),
    ("a.test.js", JS.replace("it('is free", "it.skip('is free"), ("it.skip(", "it(")),
    ("a.test.js", JS, ("'price'", '"price"')),
    ("a.test.ts", JS, ("expect(price(3)).toEqual(30)", "expect(price(3)).toStrictEqual(30)")),
    ("a_test.go", GO, ("{3, 30}", "{3, 30}, {4, 40}")),
    ("a_test.go", GO, ("assert.Equal(t, 30, Price(3))", "require.Equal(t, 30, Price(3))")),
    ("a_test.go", GO, ("func TestPrice(", "func TestPriceOfMany(")),
    ("src/test/java/PriceTest.java", JAVA, ("assertEquals(20, price(2))", "assertThat(price(2)).isEqualTo(20)")),
    (
        "src/test/java/PriceTest.java",
        JAVA.replace("price(3)).isEqualTo(30)", "list.size()).isEqualTo(30)"),
        ("list.size()).isEqualTo(30)", "list).hasSize(30)"),
    ),
    ("src/test/java/PriceTest.java", JAVA, ("  void tenEach", "  void costsTenEach")),
    ("src/price.rs", RUST, ("#[test]\n    fn free", "#[tokio::test]\n    async fn free")),
    ("src/price.rs", RUST, ("n * 10", "n * 10 + 0")),
    ("src/price.rs", RUST, ("pub fn price", "/// Skips nothing.\npub fn price")),
    ("spec/price_spec.rb", RUBY, ("'is free for none'", "'costs nothing for none'")),
    ("test/price_test.rb", MINITEST, ("assert_equal 30, price(3)", "assert_equal 33, price(3)")),
]


def _ids(rows: list) -> list[str]:
    return [
        f"{number}-{row[0].rsplit('/', 1)[-1]}-{row[-1] if isinstance(row[-1], str) else row[2][1][:20]!r}"
        for number, row in enumerate(rows)
    ]


@pytest.mark.parametrize(("path", "before", "edit", "code"), ROWS, ids=_ids(ROWS))
def test_weaker(path: str, before: str, edit: tuple[str, str], code: str) -> None:
    assert edit[0] in before
    assert code in edited(path, before, before.replace(*edit, 1))


@pytest.mark.parametrize(("path", "before", "edit"), FINE, ids=_ids(FINE))
def test_fine(path: str, before: str, edit: tuple[str, str]) -> None:
    assert edit[0] in before
    assert edited(path, before, before.replace(*edit, 1)) == set()


def test_a_rust_test_moves_into_its_own_file() -> None:
    inner = RUST.split("mod tests {")[1].rsplit("}", 1)[0]
    base = {"src/price.rs": RUST}
    head = {"src/price.rs": RUST.split("#[cfg(test)]")[0] + "#[cfg(test)]\nmod tests;\n", "src/price/tests.rs": inner}
    assert codes(base, head) == set()


def test_a_file_rewritten_in_another_language() -> None:
    base, head = {"test/price.test.js": JS}, {"test/price.test.ts": JS}
    assert codes(base, head) == set()
    assert codes(base, head, renames={"test/price.test.js": "test/price.test.ts"}) == set()
