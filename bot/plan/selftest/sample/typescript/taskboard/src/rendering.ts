/** The board as text. */

import { type Board, openBlockers, type Task, tasksIn } from "./board.ts";
import { type Day, daysBetween } from "./dates.ts";
import { unreachable } from "./errors.ts";
import type { Event } from "./events.ts";
import { formatRepeat } from "./recurrence.ts";
import { columnFigures, leadDays, median, throughput } from "./statistics.ts";

const MARKS = ["↓", " ", "↑", "‼"];
const BAR = "▇";

/** Every column with its tasks. */
export function boardText(board: Board, today: Day): string {
  if (board.columns.length === 0) {
    return "The board has no columns.";
  }
  const parts: string[] = [];
  for (const column of board.columns) {
    const tasks = tasksIn(board, column.name);
    const limit = column.limit === null ? "" : ` of ${column.limit}`;
    parts.push(`${column.name} (${tasks.length}${limit})`);
    parts.push(...tasks.map((task) => `  ${taskLine(board, task, today)}`), "");
  }
  return parts.join("\n").trimEnd();
}

/** A task on one line. */
export function taskLine(board: Board, task: Task, today: Day): string {
  const { title, labels, person, priority, due } = task.fields;
  const parts = [`${MARKS[priority]} #${task.id} ${title}`];
  if (labels.length > 0) {
    parts.push(labels.map((label) => `+${label}`).join(" "));
  }
  if (person !== null) {
    parts.push(`@${person}`);
  }
  if (due !== null) {
    parts.push(`(${dueText(due, today)})`);
  }
  const blockers = openBlockers(board, task.id);
  if (blockers.length > 0) {
    parts.push(`[waits for ${blockers.map((id) => `#${id}`).join(", ")}]`);
  }
  return parts.join(" ");
}

/** A task with everything that is known of it. */
export function taskText(board: Board, task: Task, events: readonly Event[], today: Day): string {
  const lines = [taskLine(board, task, today), `in ${task.column}`];
  if (task.fields.repeat !== null) {
    lines.push(formatRepeat(task.fields.repeat));
  }
  if (task.fields.note !== "") {
    lines.push("", task.fields.note);
  }
  lines.push("", ...events.map(eventText));
  return lines.join("\n");
}

export function dueText(due: Day, today: Day): string {
  const days = daysBetween(today, due);
  if (days === 0) {
    return "due today";
  }
  if (days === 1) {
    return "due tomorrow";
  }
  if (days < 0) {
    return days === -1 ? "1 day overdue" : `${-days} days overdue`;
  }
  return days < 7 ? `due in ${days} days` : `due ${due}`;
}

export function eventText(event: Event): string {
  return `${event.time.slice(0, 16).replace("T", " ")} ${event.by}: ${changeText(event)}`;
}

function changeText({ change }: Event): string {
  switch (change.kind) {
    case "column-added":
      return `added the column ${change.name}`;
    case "column-removed":
      return `removed the column ${change.name}`;
    case "column-limited":
      return change.limit === null ? `took the limit of ${change.name} away` : `limited ${change.name} to ${change.limit}`;
    case "task-added":
      return `added #${change.task} to ${change.column}`;
    case "task-changed":
      return `changed ${Object.keys(change.fields).join(", ")} of #${change.task}`;
    case "task-moved":
      return `moved #${change.task} to ${change.column}`;
    case "task-removed":
      return `removed #${change.task}`;
    case "task-blocked":
      return `made #${change.task} wait for #${change.by}`;
    case "task-unblocked":
      return `let #${change.task} no longer wait for #${change.by}`;
    case "undone":
      return `undid event ${change.event}`;
    case "redone":
      return `redid event ${change.event}`;
    default:
      return unreachable(change);
  }
}

/** Figures, with a bar for each week. */
export function statisticsText(board: Board, today: Day): string {
  const lines: string[] = [];
  for (const row of columnFigures(board)) {
    const limit = row.limit === null ? "" : ` of ${row.limit}`;
    const stay = row.medianHours === null ? "" : `, ${hours(row.medianHours)} in it`;
    lines.push(`${row.column}: ${row.tasks}${limit}${stay}`);
  }
  const leads = [...board.tasks.values()].map((task) => leadDays(board, task)).filter((days) => days !== null);
  const middle = median(leads);
  if (middle !== null) {
    lines.push(`from start to end: ${middle.toFixed(1)} days`);
  }
  for (const [at, count] of throughput(board, today).entries()) {
    lines.push(`week ${at - 3}: ${BAR.repeat(count)} ${count}`);
  }
  return lines.join("\n");
}

function hours(count: number): string {
  return count < 48 ? `${count.toFixed(1)} h` : `${(count / 24).toFixed(1)} days`;
}
