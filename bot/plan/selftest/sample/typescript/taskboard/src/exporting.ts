/** Boards for other programs: Markdown lists and iCalendar to-dos. */

import { type Board, isDone, type Task, tasksIn } from "./board.ts";
import { Refused } from "./errors.ts";
import { checkedFields, type TaskFields } from "./events.ts";

// https://www.rfc-editor.org/rfc/rfc5545#section-3.8.1.9: 1 is the highest priority, 9 the lowest.
const ICS_PRIORITIES = [9, 5, 3, 1];
const ITEM = /^[-*] \[(?<mark>[ xX])\] (?<text>.+)$/;
const HEADING = /^## (?<name>[a-z][a-z0-9-]*)\s*$/;
const WORDS: [keyof TaskFields, RegExp][] = [
  ["person", /\s@(\S+)/],
  ["due", /\s!(\d{4}-\d{2}-\d{2})/],
];

/** A heading for each column and an item for each task. */
export function toMarkdown(board: Board): string {
  const parts: string[] = [];
  for (const column of board.columns) {
    parts.push(`## ${column.name}`, "");
    for (const task of tasksIn(board, column.name)) {
      parts.push(`- [${isDone(board, task.id) ? "x" : " "}] ${item(task)}`);
      if (task.fields.note !== "") {
        parts.push(...task.fields.note.split("\n").map((line) => `  ${line}`.trimEnd()));
      }
    }
    parts.push("");
  }
  return parts.join("\n");
}

function item(task: Task): string {
  const { title, labels, person, due } = task.fields;
  const words = [title, ...labels.map((label) => `+${label}`)];
  if (person !== null) {
    words.push(`@${person}`);
  }
  if (due !== null) {
    words.push(`!${due}`);
  }
  return words.join(" ");
}

export interface Imported {
  readonly column: string;
  readonly fields: Partial<TaskFields>;
}

/** The tasks of a Markdown list as `toMarkdown` writes it. Throws Refused for a task before the first heading. */
export function fromMarkdown(text: string): Imported[] {
  const found: Imported[] = [];
  let column: string | undefined;
  for (const [at, line] of text.split("\n").entries()) {
    const heading = HEADING.exec(line);
    if (heading?.groups !== undefined) {
      column = heading.groups.name;
      continue;
    }
    const task = ITEM.exec(line);
    if (task?.groups !== undefined) {
      if (column === undefined) {
        throw new Refused("unreadable", `line ${at + 1}: a task before the first column`);
      }
      found.push({ column, fields: fieldsOf(task.groups.text) });
      continue;
    }
    const last = found.at(-1);
    if (line.startsWith("  ") && last !== undefined) {
      const note = last.fields.note === undefined ? "" : `${last.fields.note}\n`;
      found[found.length - 1] = { ...last, fields: { ...last.fields, note: note + line.trim() } };
    }
  }
  return found;
}

function fieldsOf(text: string): Partial<TaskFields> {
  const given: Record<string, unknown> = {};
  let title = ` ${text}`;
  for (const [name, pattern] of WORDS) {
    const word = pattern.exec(title);
    if (word !== null) {
      given[name] = word[1];
      title = title.replace(word[0], "");
    }
  }
  const labels = [...title.matchAll(/\s\+([\p{L}\p{N}][\p{L}\p{N}_-]*)/gu)];
  for (const label of labels) {
    title = title.replace(label[0], "");
  }
  return checkedFields({ ...given, title, labels: labels.map((label) => label[1]) });
}

/** The tasks with a due day as to-dos of a calendar. `stamp` is the time of writing, as `20240301T120000Z`. */
export function toCalendar(board: Board, stamp: string): string {
  const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//taskboard//EN"];
  for (const task of board.tasks.values()) {
    const { title, due, priority } = task.fields;
    if (due === null) {
      continue;
    }
    lines.push(
      "BEGIN:VTODO",
      `UID:task-${task.id}@taskboard`,
      `DTSTAMP:${stamp}`,
      `DUE;VALUE=DATE:${due.replaceAll("-", "")}`,
      `SUMMARY:${escaped(title)}`,
      `PRIORITY:${ICS_PRIORITIES[priority]}`,
      `STATUS:${isDone(board, task.id) ? "COMPLETED" : "NEEDS-ACTION"}`,
      "END:VTODO",
    );
  }
  lines.push("END:VCALENDAR");
  return lines.map((line) => `${line}\r\n`).join("");
}

function escaped(text: string): string {
  return text.replaceAll(/[\\,;]/g, (sign) => `\\${sign}`).replaceAll("\n", "\\n");
}
