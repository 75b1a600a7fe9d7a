/** Queries: see docs/queries.md. */

import { type Board, isDone, openBlockers, type Task } from "./board.ts";
import { type Day, parseDay } from "./dates.ts";
import { Refused } from "./errors.ts";

export type Test = (task: Task, board: Board) => boolean;

export interface Query {
  readonly tests: readonly Test[];
  readonly sort: SortKey | undefined;
  readonly descending: boolean;
}

type SortKey = "due" | "priority" | "age" | "title";
type Operator = "<" | "<=" | ">" | ">=" | "=" | ":";

const WORD = /(-?)(?:"([^"]*)"|(\S+))/g;
const CONDITION = /^(label|column|person|priority|due|is|sort)(<=|>=|<|>|=|:)(.+)$/;
const SORT_KEYS: readonly SortKey[] = ["due", "priority", "age", "title"];

/** Reads a query. Throws Refused for a condition that makes no sense. */
export function parseQuery(text: string, today: Day): Query {
  const tests: Test[] = [];
  let sort: SortKey | undefined;
  let descending = false;
  for (const [, minus, phrase, word] of text.matchAll(WORD)) {
    const condition = phrase === undefined ? CONDITION.exec(word) : null;
    if (condition === null) {
      tests.push(negatedIf(minus, containing(phrase ?? word)));
      continue;
    }
    const [, name, operator, value] = condition;
    if (name === "sort") {
      descending = value.startsWith("-");
      sort = sortKey(descending ? value.slice(1) : value);
      continue;
    }
    tests.push(negatedIf(minus, testFor(name, operator as Operator, value, today)));
  }
  return { tests, sort, descending };
}

/** The tasks that a query finds, in its order; in that of the board without one. */
export function select(board: Board, query: Query): Task[] {
  const columns = board.columns.map((column) => column.name);
  const found = [...board.tasks.values()].filter((task) => query.tests.every((test) => test(task, board)));
  found.sort((one, other) => {
    const byColumn = columns.indexOf(one.column) - columns.indexOf(other.column);
    return byColumn || (one.position < other.position ? -1 : 1);
  });
  const { sort } = query;
  if (sort === undefined) {
    return found;
  }
  return found.sort((one, other) => compare(keyOf(one, sort), keyOf(other, sort), query.descending));
}

function testFor(name: string, operator: Operator, value: string, today: Day): Test {
  const exact = operator === ":" || operator === "=";
  if (!exact && name !== "priority" && name !== "due") {
    throw new Refused("invalid", `${name} cannot be compared with ${operator}`);
  }
  switch (name) {
    case "label":
      return (task) => task.fields.labels.includes(value.toLowerCase());
    case "column":
      return (task) => task.column === value;
    case "person":
      return (task) => (value === "none" ? task.fields.person === null : task.fields.person === value.toLowerCase());
    case "priority":
      return priorityTest(operator, value);
    case "due":
      return dueTest(operator, value, today);
    case "is":
      return stateTest(value, today);
    default:
      throw new Refused("invalid", `unknown condition ${name}`);
  }
}

function priorityTest(operator: Operator, value: string): Test {
  const wanted = Number(value);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 3) {
    throw new Refused("invalid", `not a priority: ${value}`);
  }
  return (task) => holds(operator, task.fields.priority - wanted);
}

function dueTest(operator: Operator, value: string, today: Day): Test {
  if (value === "none") {
    return (task) => task.fields.due === null;
  }
  const day = parseDay(value, today);
  return (task) => task.fields.due !== null && holds(operator, task.fields.due < day ? -1 : task.fields.due > day ? 1 : 0);
}

function stateTest(value: string, today: Day): Test {
  switch (value) {
    case "done":
      return (task, board) => isDone(board, task.id);
    case "blocked":
      return (task, board) => openBlockers(board, task.id).length > 0;
    case "overdue":
      return (task, board) => task.fields.due !== null && task.fields.due < today && !isDone(board, task.id);
    default:
      throw new Refused("invalid", `unknown state ${value}; known are done, blocked, overdue`);
  }
}

function holds(operator: Operator, order: number): boolean {
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    default:
      return order === 0;
  }
}

function containing(text: string): Test {
  const wanted = text.toLowerCase();
  return (task) => `${task.fields.title}\n${task.fields.note}`.toLowerCase().includes(wanted);
}

function negatedIf(minus: string, test: Test): Test {
  return minus === "" ? test : (task, board) => !test(task, board);
}

function sortKey(text: string): SortKey {
  const found = SORT_KEYS.find((key) => key === text);
  if (found === undefined) {
    throw new Refused("invalid", `cannot sort by ${text}; possible are ${SORT_KEYS.join(", ")}`);
  }
  return found;
}

function keyOf(task: Task, sort: SortKey): string | number | null {
  switch (sort) {
    case "due":
      return task.fields.due;
    case "priority":
      return task.fields.priority;
    case "age":
      return task.added;
    case "title":
      return task.fields.title.toLowerCase();
  }
}

/** Values that are missing come last in both directions. */
function compare(one: string | number | null, other: string | number | null, descending: boolean): number {
  if (one === null || other === null) {
    return Number(one === null) - Number(other === null);
  }
  const order = one < other ? -1 : one > other ? 1 : 0;
  return descending ? -order : order;
}
