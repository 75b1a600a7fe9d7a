/** The commands in a terminal. */

import { parseArgs } from "node:util";

import { task } from "./board.ts";
import {
  addColumn,
  addTask,
  blockTask,
  changeTask,
  type Given,
  limitColumn,
  moveTask,
  removeColumn,
  removeTask,
  unblockTask,
} from "./commands.ts";
import { type Day, dayOf, parseDay } from "./dates.ts";
import { Refused } from "./errors.ts";
import type { Change } from "./events.ts";
import { parseQuery, select } from "./filters.ts";
import type { Author, History } from "./history.ts";
import { boardText, eventText, statisticsText, taskLine, taskText } from "./rendering.ts";
import { Store } from "./store.ts";

export interface Surroundings {
  readonly store: Store;
  readonly author: Author;
  readonly write: (line: string) => void;
}

const OPTIONS = {
  column: { type: "string" },
  label: { type: "string", multiple: true },
  person: { type: "string" },
  priority: { type: "string" },
  due: { type: "string" },
  note: { type: "string" },
  title: { type: "string" },
  repeat: { type: "string" },
  limit: { type: "string" },
  after: { type: "string" },
  first: { type: "boolean" },
} as const;

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>["values"];

/** Run a command; returns its exit code. */
export function run(args: readonly string[], around: Surroundings): number {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const [command = "show", ...rest] = positionals;
    const changing = CHANGING[command];
    if (changing !== undefined) {
      const today = dayOf(around.author.now().toISOString());
      const added = around.store.update((history) =>
        history.record(changing(history, rest, values, today), around.author),
      );
      for (const event of added) {
        around.write(eventText(event));
      }
      return 0;
    }
    return reading(command, rest, around);
  } catch (error) {
    if (error instanceof Refused) {
      around.write(`taskboard: ${error.message}`);
      return 1;
    }
    if (error instanceof TypeError && "code" in error) {
      around.write(`taskboard: ${error.message}`);
      return 2;
    }
    throw error;
  }
}

type Changing = (history: History, rest: readonly string[], options: Options, today: Day) => Change[];

const CHANGING: Record<string, Changing | undefined> = {
  column: ({ board }, [name = ""], { limit }) => addColumn(board, name, limit === undefined ? null : Number(limit)),
  "remove-column": ({ board }, [name = ""]) => removeColumn(board, name),
  limit: ({ board }, [name = "", limit]) => limitColumn(board, name, limit === undefined ? null : Number(limit)),
  add: ({ board }, [title = ""], options, today) => addTask(board, { ...fields(options, today), title }, options.column),
  edit: ({ board }, [id], options, today) => changeTask(board, number(id), fields(options, today)),
  move: ({ board }, [id, column = ""], { after, first }, today) =>
    moveTask(board, number(id), column, { after: after === undefined ? undefined : number(after), last: !first }, today),
  remove: ({ board }, [id]) => removeTask(board, number(id)),
  block: ({ board }, [id, by]) => blockTask(board, number(id), number(by)),
  unblock: ({ board }, [id, by]) => unblockTask(board, number(id), number(by)),
};

function reading(command: string, rest: readonly string[], around: Surroundings): number {
  const today = dayOf(around.author.now().toISOString());
  switch (command) {
    case "undo":
    case "redo":
      for (const event of around.store.update((history) => history[command](around.author))) {
        around.write(eventText(event));
      }
      return 0;
    case "show": {
      const history = around.store.load();
      if (rest.length === 0) {
        around.write(boardText(history.board, today));
      } else {
        const id = number(rest[0]);
        around.write(taskText(history.board, task(history.board, id), history.ofTask(id), today));
      }
      return 0;
    }
    case "list": {
      const { board } = around.store.load();
      for (const found of select(board, parseQuery(rest.join(" "), today))) {
        around.write(taskLine(board, found, today));
      }
      return 0;
    }
    case "stats":
      around.write(statisticsText(around.store.load().board, today));
      return 0;
    default:
      around.write(`taskboard: unknown command ${command}`);
      return 2;
  }
}

function fields(options: Options, today: Day): Given {
  const given: Given = {};
  for (const name of ["title", "note", "person", "priority", "repeat"] as const) {
    if (options[name] !== undefined) {
      given[name] = options[name];
    }
  }
  if (options.label !== undefined) {
    given.labels = options.label.filter((label) => label !== "");
  }
  if (options.due !== undefined) {
    given.due = options.due === "" ? null : parseDay(options.due, today);
  }
  return given;
}

function number(text: string | undefined): number {
  const value = Number((text ?? "").replace(/^#/, ""));
  if (!Number.isInteger(value) || value < 1) {
    throw new Refused("invalid", `not the number of a task: ${text ?? "nothing"}`);
  }
  return value;
}

if (process.argv[1]?.endsWith("main.js")) {
  const store = new Store(process.env.TASKBOARD ?? "board.jsonl");
  const author = { by: process.env.USER ?? "me", now: () => new Date() };
  process.exitCode = run(process.argv.slice(2), { store, author, write: (line) => console.log(line) });
}
