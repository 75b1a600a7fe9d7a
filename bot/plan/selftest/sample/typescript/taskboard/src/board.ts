/** The board: what events add up to. */

import { Refused, unreachable } from "./errors.ts";
import type { Change, Event, TaskFields } from "./events.ts";

export interface Column {
  readonly name: string;
  readonly limit: number | null;
}

export interface Stay {
  readonly column: string;
  readonly from: string;
}

export interface Task {
  readonly id: number;
  readonly column: string;
  readonly position: string;
  readonly fields: TaskFields;
  /** Tasks that have to be done first. */
  readonly blockedBy: readonly number[];
  readonly added: string;
  /** Where it has been, the first column first. */
  readonly stays: readonly Stay[];
}

export interface Board {
  readonly columns: readonly Column[];
  readonly tasks: ReadonlyMap<number, Task>;
  /** The highest id that was ever given; ids are not used again. */
  readonly lastTask: number;
}

export const EMPTY: Board = { columns: [], tasks: new Map(), lastTask: 0 };

/** The board after one more event. Events that were undone have to be left out before. */
export function apply(board: Board, event: Event): Board {
  const { change } = event;
  switch (change.kind) {
    case "column-added":
      return { ...board, columns: [...board.columns, { name: change.name, limit: change.limit }] };
    case "column-removed":
      return { ...board, columns: board.columns.filter((column) => column.name !== change.name) };
    case "column-limited":
      return {
        ...board,
        columns: board.columns.map((column) =>
          column.name === change.name ? { ...column, limit: change.limit } : column,
        ),
      };
    case "task-added":
      return { ...withTask(board, newTask(change, event)), lastTask: Math.max(board.lastTask, change.task) };
    case "task-changed":
      return changed(board, change.task, (task) => ({ ...task, fields: { ...task.fields, ...change.fields } }));
    case "task-moved":
      return changed(board, change.task, (task) => moved(task, change, event.time));
    case "task-removed":
      return without(board, change.task);
    case "task-blocked":
      return changed(board, change.task, (task) => ({ ...task, blockedBy: [...task.blockedBy, change.by] }));
    case "task-unblocked":
      return changed(board, change.task, (task) => ({
        ...task,
        blockedBy: task.blockedBy.filter((blocker) => blocker !== change.by),
      }));
    case "undone":
    case "redone":
      return board;
    default:
      return unreachable(change);
  }
}

/** The board of a whole history, without the events that were undone. */
export function replay(events: readonly Event[]): Board {
  const hidden = hiddenEvents(events);
  return events.filter((event) => !hidden.has(event.number)).reduce(apply, EMPTY);
}

/** The numbers of the events that are undone at the end of a history. */
export function hiddenEvents(events: readonly Event[]): Set<number> {
  const hidden = new Set<number>();
  for (const { change } of events) {
    if (change.kind === "undone") {
      hidden.add(change.event);
    } else if (change.kind === "redone") {
      hidden.delete(change.event);
    }
  }
  return hidden;
}

export function task(board: Board, id: number): Task {
  const found = board.tasks.get(id);
  if (found === undefined) {
    throw new Refused("unknown-task", `there is no task ${id}`);
  }
  return found;
}

export function column(board: Board, name: string): Column {
  const found = board.columns.find((one) => one.name === name);
  if (found === undefined) {
    const known = board.columns.map((one) => one.name).join(", ");
    throw new Refused("unknown-column", `there is no column ${name}; there are ${known || "none"}`);
  }
  return found;
}

/** The tasks of a column, in order. */
export function tasksIn(board: Board, name: string): Task[] {
  const found = [...board.tasks.values()].filter((one) => one.column === name);
  return found.sort((one, other) => (one.position < other.position ? -1 : 1));
}

/** The column of what is done: the last one. */
export function doneColumn(board: Board): string | undefined {
  return board.columns.at(-1)?.name;
}

export function isDone(board: Board, id: number): boolean {
  return board.tasks.get(id)?.column === doneColumn(board);
}

/** The tasks that a task still has to wait for. Those that were removed do not count. */
export function openBlockers(board: Board, id: number): number[] {
  return task(board, id).blockedBy.filter((blocker) => board.tasks.has(blocker) && !isDone(board, blocker));
}

function newTask(change: Extract<Change, { kind: "task-added" }>, event: Event): Task {
  return {
    id: change.task,
    column: change.column,
    position: change.position,
    fields: change.fields,
    blockedBy: [],
    added: event.time,
    stays: [{ column: change.column, from: event.time }],
  };
}

function moved(task: Task, change: Extract<Change, { kind: "task-moved" }>, time: string): Task {
  const stays = task.column === change.column ? task.stays : [...task.stays, { column: change.column, from: time }];
  return { ...task, column: change.column, position: change.position, stays };
}

function withTask(board: Board, task: Task): Board {
  return { ...board, tasks: new Map(board.tasks).set(task.id, task) };
}

function without(board: Board, id: number): Board {
  const tasks = new Map(board.tasks);
  tasks.delete(id);
  return { ...board, tasks };
}

/** The board with one task changed. An event for a task that was removed has no effect. */
function changed(board: Board, id: number, change: (task: Task) => Task): Board {
  const found = board.tasks.get(id);
  return found === undefined ? board : withTask(board, change(found));
}
