/** The kinds of events, and how they are written. */

import { isDay } from "./dates.ts";
import { Refused } from "./errors.ts";
import { type Repeat, parseRepeat } from "./recurrence.ts";

export type Priority = 0 | 1 | 2 | 3;

export interface TaskFields {
  title: string;
  note: string;
  labels: readonly string[];
  person: string | null;
  priority: Priority;
  due: string | null;
  repeat: Repeat | null;
}

interface Base {
  /** Counted from 1 in the whole history. */
  readonly number: number;
  /** When it happened, in UTC. */
  readonly time: string;
  readonly by: string;
}

export type Change =
  | { kind: "column-added"; name: string; limit: number | null }
  | { kind: "column-removed"; name: string }
  | { kind: "column-limited"; name: string; limit: number | null }
  | { kind: "task-added"; task: number; column: string; position: string; fields: TaskFields }
  | { kind: "task-changed"; task: number; fields: Partial<TaskFields> }
  | { kind: "task-moved"; task: number; column: string; position: string }
  | { kind: "task-removed"; task: number }
  | { kind: "task-blocked"; task: number; by: number }
  | { kind: "task-unblocked"; task: number; by: number }
  | { kind: "undone"; event: number }
  | { kind: "redone"; event: number };

export type Event = Base & { readonly change: Change };

export const LATEST_FORMAT = 2;
const LONGEST_TITLE = 200;

/** One line for an event. */
export function writeEvent(event: Event): string {
  return JSON.stringify({ v: LATEST_FORMAT, n: event.number, t: event.time, by: event.by, ...event.change });
}

/** The event that a line is. Throws Refused with the line's number. */
export function readEvent(line: string, at: number): Event {
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch {
    throw new Refused("unreadable", `line ${at} is not JSON`);
  }
  if (data === null || typeof data !== "object" || Array.isArray(data)) {
    throw new Refused("unreadable", `line ${at} is not an event`);
  }
  const { v, n, t, by, ...change } = upgraded(data as Record<string, unknown>);
  if (v !== LATEST_FORMAT) {
    throw new Refused("unreadable", `line ${at} has the format ${String(v)}; this version knows ${LATEST_FORMAT}`);
  }
  if (typeof n !== "number" || typeof t !== "string" || typeof by !== "string") {
    throw new Refused("unreadable", `line ${at} lacks a number, a time or a person`);
  }
  if (!isChange(change)) {
    throw new Refused("unreadable", `line ${at} has an unknown kind of event: ${String(change.kind)}`);
  }
  return { number: n, time: t, by, change };
}

/** Format 1 had one label a task, and no repetition. */
function upgraded(data: Record<string, unknown>): Record<string, unknown> {
  if (data.v !== 1) {
    return data;
  }
  const fields = data.fields as Record<string, unknown> | undefined;
  if (fields === undefined) {
    return { ...data, v: 2 };
  }
  const { label, ...rest } = fields;
  const added = data.kind === "task-added" ? { repeat: null } : {};
  const labels = label === undefined ? {} : { labels: label === "" ? [] : [label] };
  return { ...data, v: 2, fields: { ...added, ...rest, ...labels } };
}

const KINDS: readonly Change["kind"][] = [
  "column-added",
  "column-removed",
  "column-limited",
  "task-added",
  "task-changed",
  "task-moved",
  "task-removed",
  "task-blocked",
  "task-unblocked",
  "undone",
  "redone",
];

function isChange(data: Record<string, unknown>): data is Change & Record<string, unknown> {
  return KINDS.some((kind) => kind === data.kind);
}

/** Fields as a person gives them, checked. Throws Refused for the first mistake. */
export function checkedFields(given: Partial<Record<keyof TaskFields, unknown>>): Partial<TaskFields> {
  const fields: Partial<TaskFields> = {};
  for (const [name, value] of Object.entries(given)) {
    switch (name as keyof TaskFields) {
      case "title":
        fields.title = checkedTitle(String(value));
        break;
      case "note":
        fields.note = String(value);
        break;
      case "labels":
        fields.labels = [...new Set((value as string[]).map(checkedLabel))].sort();
        break;
      case "person":
        fields.person = value === null || value === "" ? null : String(value).toLowerCase();
        break;
      case "priority":
        fields.priority = checkedPriority(Number(value));
        break;
      case "due":
        fields.due = checkedDue(value);
        break;
      case "repeat":
        fields.repeat = value === null || value === "" ? null : parseRepeat(String(value));
        break;
    }
  }
  return fields;
}

function checkedTitle(text: string): string {
  const title = text.trim().replaceAll(/\s+/g, " ");
  if (title === "") {
    throw new Refused("invalid", "a task needs a title");
  }
  if (title.length > LONGEST_TITLE) {
    throw new Refused("invalid", `a title has at most ${LONGEST_TITLE} characters`);
  }
  return title;
}

function checkedLabel(text: string): string {
  const label = text.trim().toLowerCase();
  if (!/^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u.test(label)) {
    throw new Refused("invalid", `not a label: ${JSON.stringify(text)}`);
  }
  return label;
}

function checkedPriority(number: number): Priority {
  if (number !== 0 && number !== 1 && number !== 2 && number !== 3) {
    throw new Refused("invalid", "a priority is 0, 1, 2 or 3");
  }
  return number;
}

function checkedDue(value: unknown): string | null {
  if (value === null || value === "") {
    return null;
  }
  if (typeof value !== "string" || !isDay(value)) {
    throw new Refused("invalid", `not a day: ${String(value)}`);
  }
  return value;
}
