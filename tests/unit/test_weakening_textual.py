"""Tests of languages that are read by textual rules."""

from __future__ import annotations

import pytest
from weakening_rows import edited

KOTLIN = "class PriceTest {\n  @Test\n  fun `ten each`() {\n    assertEquals(20, price(2))\n    assertEquals(30, price(3))\n  }\n\n  @Test\n  fun `free for none`() {\n    assertEquals(0, price(0))\n  }\n}\n"
CSHARP = "public class PriceTests {\n  [Fact]\n  public void TenEach() {\n    Assert.Equal(20, Price(2));\n  }\n\n  [Fact]\n  public async Task Free() {\n    Assert.Equal(0, Price(0));\n  }\n}\n"
PHP = "<?php\nclass PriceTest extends TestCase {\n  public function testTenEach() {\n    $this->assertSame(20, price(2));\n    $this->assertSame(30, price(3));\n  }\n}\n"
GTEST = "TEST(Price, TenEach) {\n  EXPECT_EQ(20, price(2));\n  EXPECT_EQ(30, price(3));\n}\n\nTEST(Price, Free) {\n  EXPECT_EQ(0, price(0));\n}\n"
ELIXIR = 'defmodule PriceTest do\n  test "ten each" do\n    assert price(2) == 20\n  end\n\n  test "free" do\n    assert price(0) == 0\n  end\nend\n'

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
