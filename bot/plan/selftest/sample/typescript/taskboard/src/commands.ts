/** What a person may do. Each command looks at the board and gives changes, or throws Refused. */

import { type Board, column, doneColumn, isDone, openBlockers, task, tasksIn } from "./board.ts";
import { type Day } from "./dates.ts";
import { Refused } from "./errors.ts";
import { type Change, checkedFields, type TaskFields } from "./events.ts";
import { between } from "./ordering.ts";
import { nextDue } from "./recurrence.ts";

export type Given = Partial<Record<keyof TaskFields, unknown>>;

export interface Place {
  /** The task that it is to be put after; first in the column without one. */
  after?: number;
  /** At the end of the column, which is the default. */
  last?: boolean;
}

const COLUMN_NAME = /^[a-z][a-z0-9-]{0,19}$/;
const DEFAULTS: TaskFields = { title: "", note: "", labels: [], person: null, priority: 1, due: null, repeat: null };

export function addColumn(board: Board, name: string, limit: number | null = null): Change[] {
  if (!COLUMN_NAME.test(name)) {
    throw new Refused("invalid", `not the name of a column: ${name}`);
  }
  if (board.columns.some((one) => one.name === name)) {
    throw new Refused("invalid", `there is a column ${name} already`);
  }
  return [{ kind: "column-added", name, limit: checkedLimit(limit) }];
}

export function removeColumn(board: Board, name: string): Change[] {
  column(board, name);
  const count = tasksIn(board, name).length;
  if (count > 0) {
    throw new Refused("column-not-empty", `${name} has ${count} tasks; move or remove them first`);
  }
  return [{ kind: "column-removed", name }];
}

export function limitColumn(board: Board, name: string, limit: number | null): Change[] {
  column(board, name);
  return [{ kind: "column-limited", name, limit: checkedLimit(limit) }];
}

/** Add a task at the end of a column; of the first one where none is given. */
export function addTask(board: Board, given: Given, columnName = board.columns[0]?.name): Change[] {
  if (columnName === undefined) {
    throw new Refused("unknown-column", "the board has no columns; add one first");
  }
  const target = column(board, columnName);
  const fields = { ...DEFAULTS, ...checkedFields({ title: "", ...given }) };
  room(board, target.name, 1);
  const position = between(tasksIn(board, target.name).at(-1)?.position, undefined);
  return [{ kind: "task-added", task: board.lastTask + 1, column: target.name, position, fields }];
}

export function changeTask(board: Board, id: number, given: Given): Change[] {
  const before = task(board, id).fields;
  const fields = checkedFields(given);
  const different = Object.entries(fields).filter(
    ([name, value]) => JSON.stringify(before[name as keyof TaskFields]) !== JSON.stringify(value),
  );
  if (different.length === 0) {
    return [];
  }
  return [{ kind: "task-changed", task: id, fields: Object.fromEntries(different) }];
}

/** Move a task. One that is done and repeats is added again. */
export function moveTask(board: Board, id: number, columnName: string, place: Place, today: Day): Change[] {
  const moving = task(board, id);
  const target = column(board, columnName);
  if (moving.column !== target.name) {
    room(board, target.name, 1);
    const blockers = openBlockers(board, id);
    if (target.name === doneColumn(board) && blockers.length > 0) {
      throw new Refused("blocked", `${id} is blocked by ${blockers.join(", ")}`);
    }
  }
  const changes: Change[] = [
    { kind: "task-moved", task: id, column: target.name, position: positionFor(board, id, target.name, place) },
  ];
  const { repeat, due } = moving.fields;
  const finished = target.name === doneColumn(board) && !isDone(board, id);
  if (finished && repeat !== null) {
    const again = { ...moving.fields, due: nextDue(repeat, due, today) };
    const first = board.columns[0].name;
    const position = between(tasksIn(board, first).at(-1)?.position, undefined);
    changes.push({ kind: "task-added", task: board.lastTask + 1, column: first, position, fields: again });
  }
  return changes;
}

export function removeTask(board: Board, id: number): Change[] {
  task(board, id);
  return [{ kind: "task-removed", task: id }];
}

/** Say that a task has to wait for another. */
export function blockTask(board: Board, id: number, by: number): Change[] {
  const blocked = task(board, id);
  task(board, by);
  if (blocked.blockedBy.includes(by)) {
    return [];
  }
  if (id === by || waitsFor(board, by, id)) {
    throw new Refused("cycle", `${by} waits for ${id} itself`);
  }
  return [{ kind: "task-blocked", task: id, by }];
}

export function unblockTask(board: Board, id: number, by: number): Change[] {
  if (!task(board, id).blockedBy.includes(by)) {
    throw new Refused("invalid", `${id} is not blocked by ${by}`);
  }
  return [{ kind: "task-unblocked", task: id, by }];
}

/** Whether one task waits for another, directly or through others. */
function waitsFor(board: Board, id: number, other: number): boolean {
  const seen = new Set<number>();
  const todo = [id];
  while (todo.length > 0) {
    const current = todo.pop() as number;
    if (current === other) {
      return true;
    }
    if (!seen.has(current)) {
      seen.add(current);
      todo.push(...(board.tasks.get(current)?.blockedBy ?? []));
    }
  }
  return false;
}

function room(board: Board, name: string, count: number): void {
  const { limit } = column(board, name);
  if (limit !== null && tasksIn(board, name).length + count > limit) {
    throw new Refused("column-full", `${name} has room for ${limit} tasks`);
  }
}

function positionFor(board: Board, id: number, name: string, place: Place): string {
  const others = tasksIn(board, name).filter((one) => one.id !== id);
  if (place.after !== undefined) {
    const at = others.findIndex((one) => one.id === place.after);
    if (at < 0) {
      throw new Refused("unknown-task", `there is no task ${place.after} in ${name}`);
    }
    return between(others[at].position, others[at + 1]?.position);
  }
  if (place.last ?? true) {
    return between(others.at(-1)?.position, undefined);
  }
  return between(undefined, others[0]?.position);
}

function checkedLimit(limit: number | null): number | null {
  if (limit !== null && (!Number.isInteger(limit) || limit < 1)) {
    throw new Refused("invalid", "a limit is a whole number from 1 on");
  }
  return limit;
}
