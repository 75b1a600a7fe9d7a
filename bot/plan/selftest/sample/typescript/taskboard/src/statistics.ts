/** Figures about a board: how long tasks take, and where they wait. */

import { type Board, doneColumn, type Task, tasksIn } from "./board.ts";
import { addDays, type Day, dayOf, daysBetween, weekday } from "./dates.ts";

const HOUR_MS = 3_600_000;

export interface ColumnFigures {
  readonly column: string;
  readonly tasks: number;
  readonly limit: number | null;
  /** Hours that tasks stayed in the column, the middle value; null where none has left it. */
  readonly medianHours: number | null;
}

export function columnFigures(board: Board): ColumnFigures[] {
  const hours = new Map<string, number[]>();
  for (const task of board.tasks.values()) {
    for (const [at, stay] of task.stays.entries()) {
      const next = task.stays[at + 1];
      if (next === undefined) {
        continue;
      }
      const known = hours.get(stay.column) ?? [];
      known.push((Date.parse(next.from) - Date.parse(stay.from)) / HOUR_MS);
      hours.set(stay.column, known);
    }
  }
  return board.columns.map((column) => ({
    column: column.name,
    tasks: tasksIn(board, column.name).length,
    limit: column.limit,
    medianHours: median(hours.get(column.name) ?? []),
  }));
}

/** Days from the addition of a task to the last column; null for one that is not there. */
export function leadDays(board: Board, task: Task): number | null {
  const last = task.stays.at(-1);
  if (last === undefined || last.column !== doneColumn(board)) {
    return null;
  }
  return (Date.parse(last.from) - Date.parse(task.added)) / (24 * HOUR_MS);
}

/** How many tasks were done in each of the last weeks, the oldest first. Weeks begin on Monday. */
export function throughput(board: Board, today: Day, weeks = 4): number[] {
  const thisMonday = addDays(today, -weekday(today));
  const counts = new Array<number>(weeks).fill(0);
  for (const task of board.tasks.values()) {
    const last = task.stays.at(-1);
    if (last === undefined || last.column !== doneColumn(board)) {
      continue;
    }
    const day = dayOf(last.from);
    const monday = addDays(day, -weekday(day));
    const ago = daysBetween(monday, thisMonday) / 7;
    if (ago >= 0 && ago < weeks) {
      counts[weeks - 1 - ago]++;
    }
  }
  return counts;
}

/** The middle of some numbers; null for none. */
export function median(numbers: readonly number[]): number | null {
  if (numbers.length === 0) {
    return null;
  }
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
