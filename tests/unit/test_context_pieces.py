"""A file's structure, pieces and outline: every line in exactly one piece, definitions whole, in many languages."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plan.context.analysis import Analysis, analyse, decoded, line_offsets, lines_with_ends, summary_of
from bot.plan.context.outlines import outline_of
from bot.plan.context.pieces import LONG, SMALL_SCOPE, pieces_of
from bot.syntax.structure import Definition, structure

SAMPLES = {
    "a.py": (
        "import os\nfrom a.b import c\n\n@deco\ndef f(x):\n    return x\n\nclass C:\n    def m(self):\n        pass\n",
        ["f", "C", "m"],
        2,
    ),
    "a.js": (
        "import x from './x.js'\nconst y = require('y')\nfunction f() {}\nconst g = () => { return 1 }\n"
        "class C { m() {} }\n",
        ["f", "g", "C", "m"],
        2,
    ),
    "a.ts": (
        "import {x} from './x'\nexport interface I { a: string }\nexport function f(): void {}\nenum E { A }\n",
        ["I", "f", "E"],
        1,
    ),
    "a.go": (
        'package a\nimport (\n\t"fmt"\n\t"os"\n)\ntype T struct{}\nfunc (t T) M() {}\nfunc F() {}\n',
        ["T", "M", "F"],
        2,
    ),
    "a.rs": (
        "use std::io;\nmod b;\nstruct S;\nimpl S {\n    fn m(&self) {}\n}\nfn f() {}\n",
        ["S", "S", "m", "f"],
        2,
    ),
    "A.java": ("import java.util.List;\nclass A {\n  A() {}\n  void m() {}\n}\n", ["A", "A", "m"], 1),
    "a.rb": (
        "require 'json'\nmodule M\n  class C\n    def m\n    end\n    def self.s\n    end\n  end\nend\n",
        ["M", "C", "m", "s"],
        1,
    ),
    "a.c": (
        '#include "b.h"\nstruct s { int a; };\nint f(int a) { return a; }\nchar *g(void) { return 0; }\n',
        ["s", "f", "g"],
        1,
    ),
    "a.cpp": (
        "#include <x>\nnamespace n {\nclass C { void m() {} };\n}\nvoid n::C::k() {}\n",
        ["n", "C", "m", "n::C::k"],
        1,
    ),
    "a.sh": (". ./lib.sh\nf() {\n  echo\n}\n", ["f"], 1),
}


@pytest.mark.parametrize("path", SAMPLES)
def test_definitions_and_imports_of_each_language(path: str) -> None:
    text, names, imports = SAMPLES[path]
    analysis = analyse(text, path)
    assert [one.name for one in analysis.definitions] == names
    assert len(analysis.imports) == imports


def test_a_syntax_error_hides_only_what_is_around_it() -> None:
    found = structure(b"def a():\n    pass\n\ndef (:\n\ndef b():\n    pass\n", "python")
    assert {"a", "b"} <= {one.name for one in found.definitions}


def test_a_definition_comes_with_its_comments_and_decorators() -> None:
    text = "x = 1\n\n# Why.\n@deco\ndef f():\n    pass\n"
    (first, second) = analyse(text, "a.py").pieces
    assert (first.start, first.end) == (1, 2)
    assert (second.start, second.end, second.names, second.whole) == (3, 6, ("f",), True)


def test_a_large_class_is_divided_into_methods_and_a_small_one_is_not() -> None:
    small = "class C:\n    def a(self):\n        pass\n\n    def b(self):\n        pass\n"
    assert [one.names for one in analyse(small, "a.py").pieces] == [("C",)]
    large = "class C:\n" + "".join(f"    def m{n}(self):\n        pass\n\n" for n in range(SMALL_SCOPE))
    pieces = analyse(large, "a.py").pieces
    assert pieces[0].names == ("C",) and ("C", "m3") in [one.names for one in pieces]


def test_a_long_function_is_divided_at_blank_lines() -> None:
    text = "def f():\n" + "".join("    x = 1\n" * 9 + "\n" for _ in range(LONG // 5))
    pieces = analyse(text, "a.py").pieces
    assert len(pieces) > 2 and all(one.names == ("f",) and not one.whole for one in pieces)
    lines = text.split("\n")
    assert all(not lines[one.end - 1].strip() for one in pieces)


_definitions = st.lists(
    st.builds(
        lambda name, start, size, scope: Definition(name, start, start + size, scope),
        st.sampled_from("abc"), st.integers(1, 300), st.integers(0, 250), st.booleans(),
    ),
    max_size=25,
)  # fmt: skip


@given(st.lists(st.sampled_from(["", "x", "# c", "@d", "    y"]), min_size=1, max_size=400), _definitions)
def test_every_line_is_in_exactly_one_piece(lines: list[str], definitions: list[Definition]) -> None:
    ordered = sorted(definitions, key=lambda one: (one.start, -one.end))
    covered = [line for piece in pieces_of(lines, ordered) for line in range(piece.start, piece.end + 1)]
    assert covered == list(range(1, len(lines) + 1))


@pytest.mark.parametrize("path", [*SAMPLES, "notes.txt"])
def test_an_analysis_is_stored_and_read_back(path: str) -> None:
    analysis = analyse(SAMPLES.get(path, ("one\n\ntwo\n",))[0], path)
    assert Analysis.loaded(analysis.dumped()) == analysis


@pytest.mark.parametrize("data", ["", "[]", "00000000[[],[],[]]"])
def test_a_damaged_analysis_is_refused(data: str) -> None:
    with pytest.raises(ValueError):
        Analysis.loaded(data)
    sound = analyse("def f():\n    pass\n", "a.py").dumped()
    with pytest.raises(ValueError, match="damaged"):
        Analysis.loaded(sound.replace("f", "g"))


@pytest.mark.parametrize(
    "raw", [b"a\0b", b"\xe9", b"x" * 6_000, b"version https://git-lfs.github.com/spec/v1\n"], ids=str
)
def test_what_is_not_text_that_a_person_wrote(raw: bytes) -> None:
    assert decoded(raw) is None


def test_a_long_line_among_many_short_ones_does_not_make_a_file_unreadable() -> None:
    assert decoded(b"x = 1\n" * 2_000 + b"y" * 6_000) is not None


@pytest.mark.parametrize("text", ["", "\n", "a", "a\n", "a\r\nb\r\n", "a\rb\n\n"])
def test_lines_keep_their_ends(text: str) -> None:
    lines, offsets = lines_with_ends(text), line_offsets(text)
    assert "".join(lines) == text and all(lines)
    assert [text[start:end] for start, end in pairwise(offsets)] == lines


@pytest.mark.parametrize(
    ("path", "text", "summary"),
    [
        ("a.py", '"""Adds numbers.\n\nMore."""\n', "Adds numbers."),
        ("a.py", '#!/usr/bin/env python\n# Copyright me\n\n"""\nAdds numbers.\n"""\n', "Adds numbers."),
        ("a.py", "# MODULE CONTEXT SUMMARY\n# Adds numbers.\nimport os\n", "Adds numbers."),
        ("a.py", "# MODULE CONTEXT SUMMARY: adds numbers\n", "adds numbers"),
        ("a.rs", "//! Adds numbers.\nfn f() {}\n", "Adds numbers."),
        ("a.js", "'use strict'\nconst a = 1 // no\n", ""),
        ("a.go", "// Copyright 2020\n// Package a adds numbers.\npackage a\n", "Package a adds numbers."),
        ("a.java", "/*\n * Licensed under the X.\n */\n/** Adds numbers. */\nclass A {}\n", "Adds numbers."),
        ("a.py", "import os\n# later\n", ""),
        ("notes.txt", "# A heading\n", ""),
    ],
)
def test_what_a_file_is_for(path: str, text: str, summary: str) -> None:
    assert summary_of(text, path) == summary


def test_the_outline_names_what_is_hidden() -> None:
    text = "def a():\n    pass\n\nclass C:\n    def m(self):\n        pass\n"
    analysis = analyse(text, "a.py")
    assert outline_of(analysis, text, ((4, 6),)) == ("4-6: class C:", "  5-6: def m(self):")
    assert outline_of(analysis, text, ()) == ()
