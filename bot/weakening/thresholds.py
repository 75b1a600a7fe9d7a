"""Every number that decides something in this package.

The figures of docs/weakening.md hold for these values. Each says what a lower or a higher one does; moving SAME_COMMENT
to 0.99, HOLLOW_BEFORE to 30 or RENAMED_JOB to 0.9 fails a golden row of tests/samples/weakening/kept.txt.
"""

from __future__ import annotations

SAME_COMMENT = 0.85
"""A comment is a commented-out line above this likeness. Lower takes prose about a test for the test itself."""
COMMENT_LINES = 40
"""So many first lines of a test are looked for in comments: a test that is commented out begins with its name."""
MOVED_CHECK = 0.8
"""A long check that a new test makes almost literally has moved there."""
MOVED_CHECK_LENGTH = 60
"""Shorter checks are alike by chance (`assert x == 1`), so they have to be equal."""
RENAMED = 0.5
"""A test under another name: half of its lines. Lower pairs unrelated neighbours, higher loses renames with edits."""
REPLACED = 0.35
"""A test rewritten in its place with no fewer checks."""
UNLIKE_BODY = 0.2
"""Below this no name makes two bodies the same test."""
NEAR_NAME = 0.75
"""Names so near that bodies which are not unlike are the same test."""
REFLOWED = 0.15
"""What a likeness by words is discounted against one by lines: the same words in other order are not the same test."""
ABSORBED_LINES = 0.6
"""So many lines of a test that are added elsewhere say that it was taken in."""
ABSORBED_WORDS = 0.85
"""The same by words, which are commoner than lines."""
ABSORBED_LEAST_WORDS = 5
"""A test of fewer words is taken in by any long one."""
TAKEN_BY_ROWS = 0.6
"""A parametrised test that has so many of the words took one single test in for each row."""
PARAMETRISED = 0.4
"""A new test with rows of data that is so much like a gone one replaces it."""
GREW = 0.5
"""The same for a test that was there and has more rows now."""
PAIRED_CHECKS = 0.4
"""Two checks that are less alike are not one check before and after."""
WEAKER_CHECKS = 0.55
"""A weaker check replaces a stronger one only above this likeness, unless both name the same subject."""
SAME_CHECK = 0.5
"""Two checks of which one first makes both sides alike."""
MOST_PAIRS = 2500
"""Above so many pairs the checks are paired by position: comparing takes time that grows with the product."""
STILL_RUNS = 0.8
"""So many words of a `does not raise` check are still in the test: the code runs, and an error fails it."""
WIDE_VALUES = 5
"""One comparison with so many values says more than several small ones."""
RENAMED_JOB = 0.5
"""A job that does half of what another did is that job under a new name."""
SAME_COMMAND = 0.5
"""Two command lines with half of their words in common are the same command before and after."""
HOLLOW_BEFORE, HOLLOW_AFTER = 3, 1
"""A test that never checked in words is emptied when it falls from so many lines to so few."""
MAX_BYTES = 1_500_000
"""A larger file is not read as source: it is generated."""
COMPARED_CHARACTERS = 400
"""Of longer texts the beginnings are compared: comparing takes time with the product of the lengths."""
MOST_UNIT_PAIRS = 40_000
"""Of more pairs of unmatched units only those are compared that share a line: 200 tests gone and 200 come are all
compared, in less than a second."""
MOST_HOLDERS = 20
"""A line that more units hold says nothing about which is which (`client = make()`)."""
MOST_ELSEWHERE = 1000
"""So many long checks of new tests are looked through for one that moved there."""
