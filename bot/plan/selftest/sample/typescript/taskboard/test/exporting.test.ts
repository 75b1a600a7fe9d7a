import assert from "node:assert/strict";
import { test } from "node:test";

import { addColumn, addTask } from "../src/commands.ts";
import { Refused } from "../src/errors.ts";
import { fromMarkdown, toCalendar, toMarkdown } from "../src/exporting.ts";
import { History } from "../src/history.ts";

function board() {
  const history = new History();
  const author = { by: "ann", now: () => new Date("2024-03-01T10:00:00Z") };
  history.record([...addColumn(history.board, "todo"), ...addColumn(history.board, "done")], author);
  const fields = { title: "Write, then send", labels: ["work"], person: "Bob", due: "2024-03-08", note: "two\nlines", priority: 3 };
  history.record(addTask(history.board, fields), author);
  history.record(addTask(history.board, { title: "Sleep" }, "done"), author);
  return history.board;
}

const MARKDOWN = `## todo

- [ ] Write, then send +work @bob !2024-03-08
  two
  lines

## done

- [x] Sleep
`;

test("a board as Markdown", () => {
  assert.equal(toMarkdown(board()), MARKDOWN);
});

test("Markdown is read back", () => {
  assert.deepEqual(fromMarkdown(MARKDOWN), [
    {
      column: "todo",
      fields: { title: "Write, then send", labels: ["work"], person: "bob", due: "2024-03-08", note: "two\nlines" },
    },
    { column: "done", fields: { title: "Sleep", labels: [] } },
  ]);
});

test("other text is passed over", () => {
  assert.deepEqual(fromMarkdown("# My board\n\nsome text\n"), []);
  assert.throws(() => fromMarkdown("- [ ] lost"), Refused);
  assert.throws(() => fromMarkdown("## todo\n- [ ] +label"), Refused);
});

test("a board as a calendar", () => {
  const text = toCalendar(board(), "20240301T120000Z");
  assert.match(text, /DUE;VALUE=DATE:20240308\r\nSUMMARY:Write\\, then send\r\nPRIORITY:1\r\nSTATUS:NEEDS-ACTION/);
  assert.equal(text.match(/BEGIN:VTODO/g)?.length, 1);
});
