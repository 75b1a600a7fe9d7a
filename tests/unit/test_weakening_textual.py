"""Tests of languages that are read by textual rules."""

from __future__ import annotations

import pytest
from weakening_rows import edited

KOTLIN = """class PriceTest {
  @Test
  fun `ten each`() {
    assertEquals(20, price(2))
    assertEquals(30, price(3))
  }

  @Test
  fun `free for none`() {
    assertEquals(0, price(0))
  }
}
"""
CSHARP = """public class PriceTests {
  [Fact]
  public void TenEach() {
    Assert.Equal(20, Price(2));
  }

  [Fact]
  public async Task Free() {
    Assert.Equal(0, Price(0));
  }
}
"""
PHP = """<?php
class PriceTest extends TestCase {
  public function testTenEach() {
    $this->assertSame(20, price(2));
    $this->assertSame(30, price(3));
  }
}
"""
GTEST = """TEST(Price, TenEach) {
  EXPECT_EQ(20, price(2));
  EXPECT_EQ(30, price(3));
}

TEST(Price, Free) {
  EXPECT_EQ(0, price(0));
}
"""
ELIXIR = """defmodule PriceTest do
  test "ten each" do
    assert price(2) == 20
  end

  test "free" do
    assert price(0) == 0
  end
end
"""

ROWS = [
    (
        "src/test/kotlin/PriceTest.kt",
        KOTLIN,
        ("  @Test\n  fun `free", "  @Disabled\n  @Test\n  fun `free"),
        "tests.skip",
    ),
    ("src/test/kotlin/PriceTest.kt", KOTLIN, ("    assertEquals(30, price(3))\n", ""), "tests.assertion_removed"),
    (
        "src/test/kotlin/PriceTest.kt",
        KOTLIN,
        ("  @Test\n  fun `free for none`() {\n    assertEquals(0, price(0))\n  }\n", ""),
        "tests.removed",
    ),
    (
        "tests/PriceTests.cs",
        CSHARP,
        ("  [Fact]\n  public async", '  [Fact(Skip = "slow")]\n  public async'),
        "tests.skip",
    ),
    (
        "tests/PriceTest.php",
        PHP,
        ("    $this->assertSame(20", "    $this->markTestSkipped();\n    $this->assertSame(20"),
        "tests.skip",
    ),
    ("tests/PriceTest.php", PHP, ("    $this->assertSame(30, price(3));\n", ""), "tests.assertion_removed"),
    ("tests/price_test.cc", GTEST, ("Price, Free", "Price, DISABLED_Free"), "tests.skip"),
    ("tests/price_test.cc", GTEST, ("TEST(Price, Free) {\n  EXPECT_EQ(0, price(0));\n}\n", ""), "tests.removed"),
    ("test/price_test.exs", ELIXIR, ('  test "free"', '  @tag :skip\n  test "free"'), "tests.skip"),
]
FINE = [
    ("src/test/kotlin/PriceTest.kt", KOTLIN, ("free for none", "costs nothing for none")),
    ("src/test/kotlin/PriceTest.kt", KOTLIN, ("assertEquals(30", "assertEquals(33")),
    ("tests/price_test.cc", GTEST, ("Price, Free", "Price, FreeForNone")),
    ("tests/PriceTests.cs", CSHARP, ("}\n}\n", '}\n\n  [Fact(Skip = "x")]\n  public void New() {\n  }\n}\n')),
]


def _ids(rows: list) -> list[str]:
    return [f"{number}-{row[0].rsplit('/', 1)[-1]}" for number, row in enumerate(rows)]


@pytest.mark.parametrize(("path", "before", "edit", "code"), ROWS, ids=_ids(ROWS))
def test_weaker(path: str, before: str, edit: tuple[str, str], code: str) -> None:
    assert edit[0] in before
    assert code in edited(path, before, before.replace(*edit, 1))


@pytest.mark.parametrize(("path", "before", "edit"), FINE, ids=_ids(FINE))
def test_fine(path: str, before: str, edit: tuple[str, str]) -> None:
    assert edit[0] in before
    assert edited(path, before, before.replace(*edit, 1)) == set()
