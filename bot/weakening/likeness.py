"""How alike two texts or two units are, as a share from 0 to 1."""

from __future__ import annotations

from difflib import SequenceMatcher

from bot.weakening.thresholds import COMPARED_CHARACTERS, LINES_DECIDE, REFLOWED
from bot.weakening.units import Unit


def text_likeness(one: str, two: str, least: float = 0.0) -> float:
    """The share of characters in common, in order, of the first COMPARED_CHARACTERS; 0.0 for what is not above `least`.

    `ratio` takes time with the product of the lengths, so its two upper bounds, which cost little, are asked first:
    https://docs.python.org/3/library/difflib.html#difflib.SequenceMatcher.quick_ratio
    """
    matcher = SequenceMatcher(None, one[:COMPARED_CHARACTERS], two[:COMPARED_CHARACTERS], autojunk=False)
    if matcher.real_quick_ratio() <= least or matcher.quick_ratio() <= least:
        return 0.0
    found = matcher.ratio()
    return found if found > least else 0.0


def unit_likeness(old: Unit, new: Unit) -> float:
    """The share of lines in common, or of words where the lines were merely reflowed."""
    one, two = old.line_counts, new.line_counts
    total = len(old.lines) + len(new.lines)
    if not total:
        return float(old.text == new.text)
    shared = one.keys() & two.keys()
    lines = 2 * sum(min(one[line], two[line]) for line in shared) / total if shared else 0.0
    if lines >= LINES_DECIDE:
        return lines
    both = len(old.words & new.words)
    either = len(old.words) + len(new.words) - both
    return max(lines, (both / either if either else 0.0) - REFLOWED)
