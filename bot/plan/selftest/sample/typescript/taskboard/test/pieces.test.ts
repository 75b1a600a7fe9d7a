import assert from "node:assert/strict";
import { test } from "node:test";

import { addDays, addMonths, daysBetween, isDay, parseDay, weekday } from "../src/dates.ts";
import { Refused } from "../src/errors.ts";
import { checkedFields, type Event, readEvent, writeEvent } from "../src/events.ts";
import { between, spread } from "../src/ordering.ts";
import { formatRepeat, nextDue, parseRepeat } from "../src/recurrence.ts";
import { median } from "../src/statistics.ts";

test("days", () => {
  assert.equal(isDay("2024-02-29"), true);
  assert.equal(isDay("2023-02-29"), false);
  assert.equal(isDay("2024-2-9"), false);
  assert.equal(addDays("2024-02-28", 2), "2024-03-01");
  assert.equal(daysBetween("2024-03-01", "2024-02-28"), -2);
  assert.equal(weekday("2024-03-04"), 0);
});

test("months keep to their last day", () => {
  assert.equal(addMonths("2024-01-31", 1), "2024-02-29");
  assert.equal(addMonths("2024-01-31", 2), "2024-03-31");
  assert.equal(addMonths("2024-12-15", 1), "2025-01-15");
});

test("days as people write them", () => {
  assert.equal(parseDay("+3d", "2024-03-01"), "2024-03-04");
  assert.equal(parseDay("+2w", "2024-03-01"), "2024-03-15");
  assert.equal(parseDay("today", "2024-03-01"), "2024-03-01");
  assert.throws(() => parseDay("soon", "2024-03-01"), Refused);
  assert.throws(() => parseDay("2024-02-30", "2024-03-01"), Refused);
});

test("there is always a position between two others", () => {
  const positions = [between(undefined, undefined)];
  for (let count = 0; count < 200; count++) {
    positions.splice(1, 0, between(positions[0], positions[1]));
    positions.unshift(between(undefined, positions[0]));
    positions.push(between(positions.at(-1), undefined));
  }
  assert.deepEqual(positions, [...new Set(positions)].sort());
  assert.ok(positions.every((position) => !position.endsWith("0")));
});

test("positions in the wrong order are refused", () => {
  assert.throws(() => between("b", "a"), RangeError);
  assert.throws(() => between("a", "a"), RangeError);
});

test("positions are spread", () => {
  const positions = spread(20, "a", "b");
  assert.deepEqual(positions, [...new Set(positions)].sort());
  assert.ok(positions[0] > "a" && positions[19] < "b");
  assert.deepEqual(spread(0), []);
});

test("repetitions there and back", () => {
  for (const text of ["every day", "every 2 weeks", "every month after done", "every workday"]) {
    assert.equal(formatRepeat(parseRepeat(text)), text);
  }
  for (const text of ["daily", "every 0 days", "every -1 days", "every blue moon"]) {
    assert.throws(() => parseRepeat(text), Refused, text);
  }
});

test("when a task is due again", () => {
  const due = (text: string, day: string | null, done: string) => nextDue(parseRepeat(text), day, done);
  assert.equal(due("every week", "2024-03-01", "2024-03-01"), "2024-03-08");
  assert.equal(due("every week", "2024-03-01", "2024-03-20"), "2024-03-22");
  assert.equal(due("every week after done", "2024-03-01", "2024-03-20"), "2024-03-27");
  assert.equal(due("every week", null, "2024-03-20"), "2024-03-27");
  assert.equal(due("every month", "2024-01-31", "2024-02-29"), "2024-03-31");
  assert.equal(due("every workday", "2024-03-01", "2024-03-01"), "2024-03-04");
});

const EVENT: Event = {
  number: 1,
  time: "2024-03-01T10:00:00.000Z",
  by: "ann",
  change: { kind: "task-moved", task: 1, column: "doing", position: "i" },
};

test("events there and back", () => {
  assert.deepEqual(readEvent(writeEvent(EVENT), 1), EVENT);
});

test("events of the first format are read", () => {
  const line = JSON.stringify({
    v: 1, n: 1, t: "2024-03-01T10:00:00.000Z", by: "ann", kind: "task-added", task: 1, column: "todo", position: "i",
    fields: { title: "x", note: "", label: "home", person: null, priority: 1, due: null },
  });
  const { change } = readEvent(line, 1);
  assert.ok(change.kind === "task-added");
  assert.deepEqual(change.fields.labels, ["home"]);
  assert.equal(change.fields.repeat, null);
});

test("lines that are not events", () => {
  for (const line of ["", "[]", "{}", '{"v":3}', '{"v":2,"n":1,"t":"","by":"x","kind":"danced"}', '{"v":2,"kind":"undone"}']) {
    assert.throws(() => readEvent(line, 7), /line 7/, line);
  }
});

test("fields are checked", () => {
  assert.deepEqual(checkedFields({ title: "  a   b ", labels: ["B", "a", "b"], person: "Ann" }), {
    title: "a b",
    labels: ["a", "b"],
    person: "ann",
  });
  for (const given of [{ title: " " }, { title: "x".repeat(201) }, { labels: ["a b"] }, { priority: 4 }, { due: "soon" }]) {
    assert.throws(() => checkedFields(given), Refused, JSON.stringify(given));
  }
  assert.deepEqual(checkedFields({ due: "", repeat: "", person: "" }), { due: null, repeat: null, person: null });
});

test("the middle", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1]), 2.5);
  assert.equal(median([]), null);
});
