/**
 * Positions as texts, so that a task can be put between two others without touching these.
 *
 * A position is a fraction in base 36, written without `0.`: `i` is the middle, `9` is before it. It never ends in `0`,
 * because nothing would fit between `1` and `10`.
 */

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
const BASE = DIGITS.length;

export type Position = string;

/** A position between two others; undefined is before or after everything. */
export function between(before: Position | undefined, after: Position | undefined): Position {
  if (before !== undefined && after !== undefined && before >= after) {
    throw new RangeError(`${before} is not before ${after}`);
  }
  return middle(before ?? "", after);
}

/** So many positions in order, evenly spread between two others. */
export function spread(count: number, before?: Position, after?: Position): Position[] {
  if (count === 0) {
    return [];
  }
  const half = Math.floor(count / 2);
  const centre = between(before, after);
  return [...spread(half, before, centre), centre, ...spread(count - half - 1, centre, after)];
}

function middle(low: string, high: string | undefined): string {
  // What both begin with stays, a missing digit of the lower one counting as 0.
  if (high !== undefined) {
    let same = 0;
    while ((low[same] ?? "0") === high[same]) {
      same++;
    }
    if (same > 0) {
      return high.slice(0, same) + middle(low.slice(same), high.slice(same));
    }
  }
  const lowDigit = low === "" ? 0 : DIGITS.indexOf(low[0]);
  const highDigit = high === undefined ? BASE : DIGITS.indexOf(high[0]);
  if (highDigit - lowDigit > 1) {
    return DIGITS[Math.floor((lowDigit + highDigit) / 2)];
  }
  // The digits are neighbours: the higher one alone lies between, if it has more digits.
  if (high !== undefined && high.length > 1) {
    return high[0];
  }
  return DIGITS[lowDigit] + middle(low.slice(1), undefined);
}
