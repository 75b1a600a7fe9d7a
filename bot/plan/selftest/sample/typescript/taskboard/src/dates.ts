/** Days without a time of day, as `2024-03-08`. */

import { Refused } from "./errors.ts";

export type Day = string;

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const OFFSET = /^\+(\d{1,4})([dw])$/;
const MILLISECONDS = 86_400_000;

/** A day from a text; `+3d` and `+2w` count from today. Throws Refused. */
export function parseDay(text: string, today: Day): Day {
  const offset = OFFSET.exec(text);
  if (offset !== null) {
    return addDays(today, Number(offset[1]) * (offset[2] === "w" ? 7 : 1));
  }
  if (text === "today") {
    return today;
  }
  if (!isDay(text)) {
    throw new Refused("invalid", `not a day: ${text}`);
  }
  return text;
}

/** Whether a text is a day that exists. */
export function isDay(text: string): boolean {
  const found = DAY.exec(text);
  if (found === null) {
    return false;
  }
  // `2024-02-30` would become the 1st of March.
  return new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;
}

export function addDays(day: Day, count: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * MILLISECONDS).toISOString().slice(0, 10);
}

/** How many days the second is after the first; negative when it is before. */
export function daysBetween(first: Day, second: Day): number {
  return Math.round((Date.parse(`${second}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / MILLISECONDS);
}

/** The same day of a later month, or the last day of that month. */
export function addMonths(day: Day, count: number): Day {
  const [year, month, date] = day.split("-").map(Number);
  const index = year * 12 + (month - 1) + count;
  const [newYear, newMonth] = [Math.floor(index / 12), (index % 12) + 1];
  const last = new Date(Date.UTC(newYear, newMonth, 0)).getUTCDate();
  return [newYear, newMonth, Math.min(date, last)].map((part, at) => String(part).padStart(at === 0 ? 4 : 2, "0")).join("-");
}

/** 0 for Monday. */
export function weekday(day: Day): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** The day of a time in UTC. */
export function dayOf(time: string): Day {
  return time.slice(0, 10);
}
