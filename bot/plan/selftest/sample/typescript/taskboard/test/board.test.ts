import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { openBlockers, task, tasksIn } from "../src/board.ts";
import { addColumn, addTask, blockTask, changeTask, limitColumn, moveTask, removeColumn, removeTask, unblockTask } from "../src/commands.ts";
import { Refused, type Reason } from "../src/errors.ts";
import type { Change } from "../src/events.ts";
import { parseQuery, select } from "../src/filters.ts";
import { History } from "../src/history.ts";
import { run } from "../src/main.ts";
import { boardText, dueText, statisticsText, taskText } from "../src/rendering.ts";
import { columnFigures, leadDays, throughput } from "../src/statistics.ts";
import { Store } from "../src/store.ts";

const TODAY = "2024-03-06";

class World {
  readonly history = new History();
  hours = 0;
  readonly author = { by: "ann", now: () => new Date(Date.parse("2024-03-04T09:00:00Z") + this.hours++ * 3_600_000) };

  constructor() {
    for (const name of ["todo", "doing", "done"]) {
      this.do(addColumn(this.board, name));
    }
  }

  get board() {
    return this.history.board;
  }

  do(changes: Change[]): void {
    this.history.record(changes, this.author);
  }

  add(title: string, fields = {}, column?: string): number {
    this.do(addTask(this.board, { title, ...fields }, column));
    return this.board.lastTask;
  }

  move(id: number, column: string, place = {}): void {
    this.do(moveTask(this.board, id, column, place, TODAY));
  }

  titles(column: string): string[] {
    return tasksIn(this.board, column).map((one) => one.fields.title);
  }

  found(query: string): string[] {
    return select(this.board, parseQuery(query, TODAY)).map((one) => one.fields.title);
  }
}

function refuses(reason: Reason, work: () => unknown): void {
  assert.throws(work, (error: unknown) => error instanceof Refused && error.reason === reason);
}

test("tasks are added at the end of a column", () => {
  const world = new World();
  world.add("one");
  world.add("two");
  world.add("three", {}, "doing");
  assert.deepEqual(world.titles("todo"), ["one", "two"]);
  assert.deepEqual(world.titles("doing"), ["three"]);
});

test("tasks are moved to a place", () => {
  const world = new World();
  const [one, two, three] = ["one", "two", "three"].map((title) => world.add(title));
  world.move(three, "todo", { after: one });
  assert.deepEqual(world.titles("todo"), ["one", "three", "two"]);
  world.move(two, "todo", { last: false });
  assert.deepEqual(world.titles("todo"), ["two", "one", "three"]);
  refuses("unknown-task", () => moveTask(world.board, one, "doing", { after: two }, TODAY));
});

test("a full column takes no more", () => {
  const world = new World();
  world.do(limitColumn(world.board, "doing", 1));
  const first = world.add("one", {}, "doing");
  const second = world.add("two");
  refuses("column-full", () => moveTask(world.board, second, "doing", {}, TODAY));
  refuses("column-full", () => addTask(world.board, { title: "x" }, "doing"));
  world.move(first, "doing", { last: false });
  world.do(limitColumn(world.board, "doing", null));
  world.move(second, "doing");
  assert.equal(world.titles("doing").length, 2);
});

test("a blocked task cannot be done", () => {
  const world = new World();
  const [one, two] = [world.add("one"), world.add("two")];
  world.do(blockTask(world.board, one, two));
  world.move(one, "doing");
  refuses("blocked", () => moveTask(world.board, one, "done", {}, TODAY));
  world.move(two, "done");
  assert.deepEqual(openBlockers(world.board, one), []);
  world.move(one, "done");
});

test("tasks cannot wait for each other", () => {
  const world = new World();
  const [one, two, three] = ["one", "two", "three"].map((title) => world.add(title));
  world.do(blockTask(world.board, one, two));
  world.do(blockTask(world.board, two, three));
  refuses("cycle", () => blockTask(world.board, three, one));
  refuses("cycle", () => blockTask(world.board, one, one));
  assert.deepEqual(blockTask(world.board, one, two), []);
  world.do(unblockTask(world.board, one, two));
  refuses("invalid", () => unblockTask(world.board, one, two));
});

test("a removed task blocks nothing, and its number is not used again", () => {
  const world = new World();
  const [one, two] = [world.add("one"), world.add("two")];
  world.do(blockTask(world.board, one, two));
  world.do(removeTask(world.board, two));
  assert.deepEqual(openBlockers(world.board, one), []);
  assert.equal(world.add("three"), 3);
  refuses("unknown-task", () => task(world.board, two));
});

test("a task that repeats comes back", () => {
  const world = new World();
  const id = world.add("water plants", { due: "2024-03-01", repeat: "every week" });
  world.move(id, "done");
  assert.deepEqual(world.titles("todo"), ["water plants"]);
  assert.equal(task(world.board, 2).fields.due, "2024-03-08");
});

test("columns", () => {
  const world = new World();
  world.add("one");
  refuses("column-not-empty", () => removeColumn(world.board, "todo"));
  refuses("unknown-column", () => removeColumn(world.board, "nowhere"));
  refuses("invalid", () => addColumn(world.board, "todo"));
  refuses("invalid", () => addColumn(world.board, "To do"));
  refuses("invalid", () => limitColumn(world.board, "todo", 0));
  world.do(removeColumn(world.board, "doing"));
  assert.equal(world.board.columns.length, 2);
  refuses("unknown-column", () => addTask(new History().board, { title: "x" }));
});

test("only what differs is changed", () => {
  const world = new World();
  const id = world.add("one", { labels: ["a"] });
  assert.deepEqual(changeTask(world.board, id, { title: "one", labels: ["A"] }), []);
  assert.deepEqual(changeTask(world.board, id, { title: "two", labels: ["a"] }), [
    { kind: "task-changed", task: id, fields: { title: "two" } },
  ]);
});

test("undo and redo", () => {
  const world = new World();
  const id = world.add("one");
  world.move(id, "doing");
  world.history.undo(world.author);
  assert.deepEqual(world.titles("todo"), ["one"]);
  world.history.undo(world.author);
  assert.deepEqual(world.titles("todo"), []);
  world.history.redo(world.author);
  world.history.redo(world.author);
  assert.deepEqual(world.titles("doing"), ["one"]);
  refuses("nothing-to-redo", () => world.history.redo(world.author));
});

test("what was done together is undone together", () => {
  const world = new World();
  const id = world.add("one", { repeat: "every day" });
  world.move(id, "done");
  assert.equal(world.board.tasks.size, 2);
  world.history.undo(world.author);
  assert.equal(world.board.tasks.size, 1);
  assert.deepEqual(world.titles("todo"), ["one"]);
});

test("after something new there is nothing to redo", () => {
  const world = new World();
  world.add("one");
  world.history.undo(world.author);
  world.add("two");
  refuses("nothing-to-redo", () => world.history.redo(world.author));
  refuses("nothing-to-undo", () => new History().undo(world.author));
});

function filled(): World {
  const world = new World();
  world.add("Write report", { labels: ["work"], due: "2024-03-05", priority: 3, person: "Ann" });
  world.add("Buy bread", { labels: ["home"], due: "2024-03-10", note: "and the report folder" });
  world.add("Sleep", { priority: 0 });
  world.move(3, "done");
  world.do(blockTask(world.board, 2, 1));
  return world;
}

test("queries", () => {
  const world = filled();
  const cases: Record<string, string[]> = {
    "": ["Write report", "Buy bread", "Sleep"],
    report: ["Write report", "Buy bread"],
    '"write report"': ["Write report"],
    "report -label:work": ["Buy bread"],
    "label:WORK": ["Write report"],
    "column:done": ["Sleep"],
    "person:ann": ["Write report"],
    "person:none": ["Buy bread", "Sleep"],
    "priority>=1": ["Write report", "Buy bread"],
    "priority<1": ["Sleep"],
    "due<+1w": ["Write report", "Buy bread"],
    "due:none": ["Sleep"],
    "due=2024-03-10": ["Buy bread"],
    "is:overdue": ["Write report"],
    "is:blocked": ["Buy bread"],
    "-is:done sort:-due": ["Buy bread", "Write report"],
    "sort:priority": ["Sleep", "Buy bread", "Write report"],
    "sort:-due": ["Buy bread", "Write report", "Sleep"],
    "sort:title": ["Buy bread", "Sleep", "Write report"],
  };
  for (const [query, titles] of Object.entries(cases)) {
    assert.deepEqual(world.found(query), titles, query);
  }
});

test("queries that make no sense", () => {
  for (const query of ["priority:9", "due<soon", "is:nice", "label>a", "sort:luck"]) {
    refuses("invalid", () => parseQuery(query, TODAY));
  }
});

test("figures", () => {
  const world = new World();
  const [one, two] = [world.add("one"), world.add("two")];
  world.move(one, "doing");
  world.move(one, "done");
  world.move(two, "done");
  const [todo, doing] = columnFigures(world.board);
  assert.deepEqual([todo.medianHours, doing.medianHours], [2.5, 1]);
  assert.equal(leadDays(world.board, task(world.board, one)), 3 / 24);
  assert.deepEqual(throughput(world.board, TODAY), [0, 0, 0, 2]);
  assert.deepEqual(throughput(world.board, "2024-03-11"), [0, 0, 2, 0]);
});

test("the board as text", () => {
  const world = filled();
  const text = boardText(world.board, TODAY);
  assert.match(text, /^todo \(2\)\n {2}‼ #1 Write report \+work @ann \(1 day overdue\)/);
  assert.match(text, /#2 Buy bread \+home \(due in 4 days\) \[waits for #1\]/);
  assert.equal(boardText(new History().board, TODAY), "The board has no columns.");
});

test("one task as text", () => {
  const world = filled();
  const text = taskText(world.board, task(world.board, 3), world.history.ofTask(3), TODAY);
  assert.match(text, /in done\n\n2024-03-04 14:00 ann: added #3 to todo\n.* moved #3 to done$/);
  assert.match(statisticsText(world.board, TODAY), /week 0: ▇ 1$/);
});

test("due days in words", () => {
  const texts = ["2024-03-06", "2024-03-07", "2024-03-04", "2024-03-12", "2024-03-13"].map((day) => dueText(day, TODAY));
  assert.deepEqual(texts, ["due today", "due tomorrow", "2 days overdue", "due in 6 days", "due 2024-03-13"]);
});

function terminal() {
  const store = new Store(join(mkdtempSync(join(tmpdir(), "taskboard-")), "board.jsonl"));
  const author = { by: "ann", now: () => new Date("2024-03-06T10:00:00Z") };
  const lines: string[] = [];
  const command = (...args: string[]) => {
    lines.length = 0;
    return [run(args, { store, author, write: (line) => lines.push(line) }), lines.join("\n")] as const;
  };
  return { store, command };
}

test("commands in a terminal", () => {
  const { store, command } = terminal();
  command("column", "todo");
  command("column", "done", "--limit", "5");
  assert.deepEqual(command("add", "Write", "--label", "work", "--due", "+2d"), [0, "2024-03-06 10:00 ann: added #1 to todo"]);
  assert.equal(command("list", "label:work")[1], "  #1 Write +work (due in 2 days)");
  assert.equal(command("move", "#1", "done")[0], 0);
  assert.match(command("show")[1], /done \(1 of 5\)/);
  assert.match(command("show", "1")[1], /in done/);
  assert.equal(command("edit", "1", "--label", "", "--due", "")[0], 0);
  assert.equal(readFileSync(store.path, "utf8").trimEnd().split("\n").length, 5);
});

test("mistakes in a terminal", () => {
  const { command } = terminal();
  assert.deepEqual(command("move", "1", "done"), [1, "taskboard: there is no task 1"]);
  assert.equal(command("move", "x", "done")[0], 1);
  assert.deepEqual(command("dance"), [2, "taskboard: unknown command dance"]);
  assert.equal(command("add", "x", "--colour", "red")[0], 2);
});

test("a file with mistakes is refused with its line", () => {
  const { store, command } = terminal();
  command("column", "todo");
  const line = readFileSync(store.path, "utf8");
  writeFileSync(store.path, line + line);
  assert.throws(() => store.load(), /line 2 has the number 1, not 2/);
});

test("two processes do not write at once", () => {
  const { store, command } = terminal();
  writeFileSync(store.lockPath, "1\n");
  assert.match(command("column", "todo")[1], /another process is writing/);
  utimesSync(store.lockPath, 1, 1);
  assert.equal(command("column", "todo")[0], 0);
});
