"""Every number that decides something in this package.

The figures of docs/weakening.md hold for these values. The comment above each says which test fails when it moves by
half (`python -m bench.mutants --thresholds`); "by the figures" means that no test does, and that it was chosen on the
labelled commits of docs/weakening.md.
"""

from __future__ import annotations

# At 0.99 the golden row "a check in a comment with another value" is taken for a removed check.
SAME_COMMENT = 0.85
"""A comment is a commented-out line above this likeness. Lower takes prose about a test for the test itself."""
# Only a bound on time: a test that is commented out begins with its name.
COMMENT_LINES = 40
"""So many first lines of a test are looked for in comments."""
# Both directions fail test_a_long_check_in_a_new_test.
MOVED_CHECK = 0.8
"""A long check that a new test makes almost literally has moved there."""
# At 90 test_a_long_check_in_a_new_test fails; short checks are alike by chance (`assert x == 1`).
MOVED_CHECK_LENGTH = 60
"""Checks of at most so many characters have to be equal."""
# At 0.75 the golden row "minitest to RSpec" fails; lower pairs unrelated neighbours.
RENAMED = 0.5
"""A test under another name has half of the lines."""
# At 1 the golden row "a test renamed and rewritten" fails.
NEAR_NAME = 0.75
"""Names so near that bodies which are not unlike are the same test."""
# By the figures: below it even equal names do not make two bodies the same test.
UNLIKE_BODY = 0.2
"""The least likeness of bodies for names to count."""
# By the figures.
NAME_COUNTS = 0.6
"""The share of the name in the likeness where names are near; the body has the rest."""
# Decides only between candidates that are equally alike.
SAME_FILE = 0.05
"""What a counterpart in the same file counts more: most renames stay there."""
# At 0.53 the golden row "a test rewritten in its place with more checks" fails.
REPLACED = 0.35
"""A test rewritten in its place with no fewer checks."""
# By the figures: the same words in other order are not the same test.
REFLOWED = 0.15
"""A likeness by words counts so much less than one by lines."""
# Equal to RENAMED: above it the words could not change the answer.
LINES_DECIDE = 0.5
"""Above this share of common lines the words are not compared."""
# By the figures; the rows on merged tests are also held by ABSORBED_WORDS.
ABSORBED_LINES = 0.6
"""So many lines of a test that are added elsewhere say that it was taken in."""
# At 0.43 "more tests than the rows that came" fails: words are commoner than lines.
ABSORBED_WORDS = 0.85
"""The same by words."""
# By the figures: any long test holds the few words of a very short one.
ABSORBED_LEAST_WORDS = 5
"""Tests of fewer words are not taken in by their words."""
# At 0.9 "several tests into one on rows" fails.
TAKEN_BY_ROWS = 0.6
"""A parametrised test that has so many of the words took one single test in for each row."""
# At 0.2 "more tests than the rows that came" fails.
PARAMETRISED = 0.4
"""A new test with rows of data that is so much like a gone one replaces it."""
# At 0.75 the golden row "a test becomes a row of its neighbour" fails.
GREW = 0.5
"""The same for a test that was there and has more rows now."""
# At 0.6 the golden row "the same subject checked for presence" fails.
PAIRED_CHECKS = 0.4
"""Two checks that are less alike are not one check before and after."""
# Decides only between candidates that are equally alike.
POSITION = 0.001
"""What each place between two checks counts against pairing them."""
# At 0.28 "a check in the place of one about something else" fails, at 0.83 four tests on weaker checks.
WEAKER_CHECKS = 0.55
"""A weaker check replaces a stronger one only above this likeness, unless both name the same subject."""
# By the figures: `.strip()` in two unrelated checks is not one check that was made easier.
SAME_CHECK = 0.5
"""Two checks of which one first makes both sides alike."""
# numpy's default of rtol: an explicit tolerance up to it allows nothing that was not allowed.
SMALLEST_TOLERANCE = 1e-7
"""A new tolerance up to this one is not a larger one."""
# Above 0.8 "runs without an error anyway" fails.
STILL_RUNS = 0.8
"""So many words of a `does not raise` check are still in the test: the code runs, and an error fails it."""
# At 8 "one wide comparison" fails.
WIDE_VALUES = 5
"""One comparison with so many values says more than several small ones."""
# At 0.75 the golden row "a job renamed that lost one of its checks" fails.
RENAMED_JOB = 0.5
"""A job that does half of what another did is that job under a new name."""
# At 0.75 a row of test_weaker fails (tests/unit/test_weakening_ci.py).
SAME_COMMAND = 0.5
"""Two command lines with half of their words in common are the same command before and after."""
# `pytest a` and `pytest b` share one word of three, and are the same command.
SAME_PROGRAM = 0.2
"""What an equal first word counts more."""
# At HOLLOW_AFTER 0, or HOLLOW_BEFORE 30, the golden row "a test without words of checks is emptied" fails.
HOLLOW_BEFORE, HOLLOW_AFTER = 3, 1
"""A test that never checked in words is emptied when it falls from so many lines to so few."""

# --- bounds on time: what is larger is generated, or compared more coarsely (`python -m bench.weakening_scale`)

MAX_BYTES = 1_500_000
"""A larger file is not read as source."""
COMPARED_CHARACTERS = 400
"""Of longer texts the beginnings are compared: comparing takes time with the product of the lengths."""
MOST_PAIRS = 2500
"""Of more pairs of checks in one test, the checks are paired by position."""
MOST_UNIT_PAIRS = 40_000
"""Of more pairs of unmatched units only those are compared that share a line: 200 tests gone and 200 come are all
compared, in less than a second."""
MOST_HOLDERS = 20
"""A line that more units hold says nothing about which is which (`client = make()`)."""
MOST_ELSEWHERE = 1000
"""So many long checks of new tests are looked through for one that moved there."""
MOST_CHECKS = 20
"""So many first checks of a gone test are looked for elsewhere: all of them have to be there."""

SHORT_NAME = 6
"""Letters of a name that says enough to know a test by it alone, whatever its body: `Total,Adds` has nine."""
