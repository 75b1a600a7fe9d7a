/** Tasks that come back after they are done. */

import { addDays, addMonths, type Day, weekday } from "./dates.ts";
import { Refused } from "./errors.ts";

export interface Repeat {
  readonly every: number;
  readonly unit: "days" | "weeks" | "months" | "workdays";
  /** Whether the next one counts from the day it was done, and not from the day it was due. */
  readonly afterDone: boolean;
}

const REPEAT = /^every (?:(\d{1,3}) )?(day|week|month|workday)s?( after done)?$/;

/** Reads `every 2 weeks`, `every workday`, `every month after done`. Throws Refused. */
export function parseRepeat(text: string): Repeat {
  const found = REPEAT.exec(text.trim().toLowerCase());
  if (found === null) {
    throw new Refused("invalid", `not a repetition: ${text}`);
  }
  const every = Number(found[1] ?? 1);
  if (every === 0) {
    throw new Refused("invalid", "a repetition needs a distance");
  }
  return { every, unit: `${found[2] as "day" | "week" | "month" | "workday"}s`, afterDone: found[3] !== undefined };
}

export function formatRepeat(repeat: Repeat): string {
  const unit = repeat.every === 1 ? repeat.unit.slice(0, -1) : `${repeat.every} ${repeat.unit}`;
  return `every ${unit}${repeat.afterDone ? " after done" : ""}`;
}

/** When a task is due again. Days that have passed are skipped, so that a late task does not come back overdue. */
export function nextDue(repeat: Repeat, due: Day | null, done: Day): Day {
  if (repeat.afterDone || due === null) {
    return step(repeat, done, 1);
  }
  let count = 1;
  let next = step(repeat, due, count);
  while (next <= done) {
    count++;
    next = step(repeat, due, count);
  }
  return next;
}

/** `count` repetitions after a day. Months count from the first day, so that the 31st stays the 31st. */
function step(repeat: Repeat, from: Day, count: number): Day {
  const distance = repeat.every * count;
  switch (repeat.unit) {
    case "days":
      return addDays(from, distance);
    case "weeks":
      return addDays(from, distance * 7);
    case "months":
      return addMonths(from, distance);
    case "workdays":
      return addWorkdays(from, distance);
  }
}

function addWorkdays(from: Day, count: number): Day {
  let day = from;
  let left = count;
  while (left > 0) {
    day = addDays(day, 1);
    if (weekday(day) < 5) {
      left--;
    }
  }
  return day;
}
