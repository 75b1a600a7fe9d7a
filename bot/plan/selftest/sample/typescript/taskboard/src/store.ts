/** The file of a board: one event a line. */

import { appendFileSync, closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";

import { Refused } from "./errors.ts";
import { type Event, readEvent, writeEvent } from "./events.ts";
import { History } from "./history.ts";

const STALE_LOCK_MS = 30_000;

export class Store {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get lockPath(): string {
    return `${this.path}.lock`;
  }

  /** The history in the file; an empty one without a file. Throws Refused for a line that cannot be read. */
  load(): History {
    if (!existsSync(this.path)) {
      return new History();
    }
    const events: Event[] = [];
    for (const [at, line] of readFileSync(this.path, "utf8").split("\n").entries()) {
      if (line.trim() === "") {
        continue;
      }
      const event = readEvent(line, at + 1);
      if (event.number !== events.length + 1) {
        throw new Refused("unreadable", `line ${at + 1} has the number ${event.number}, not ${events.length + 1}`);
      }
      events.push(event);
    }
    return new History(events);
  }

  /** Load, let something add events, and write these. Two processes never write at once. */
  update(change: (history: History) => readonly Event[]): readonly Event[] {
    return this.locked(() => {
      const added = change(this.load());
      if (added.length > 0) {
        appendFileSync(this.path, added.map((event) => `${writeEvent(event)}\n`).join(""));
      }
      return added;
    });
  }

  private locked<T>(work: () => T): T {
    this.dropStaleLock();
    let handle: number;
    try {
      // `wx` fails when the file exists, which makes it a lock.
      handle = openSync(this.lockPath, "wx");
    } catch {
      throw new Refused("locked", `another process is writing; if none is, delete ${this.lockPath}`);
    }
    try {
      writeSync(handle, `${process.pid}\n`);
      return work();
    } finally {
      closeSync(handle);
      rmSync(this.lockPath, { force: true });
    }
  }

  /** A lock that is old belongs to a process that crashed. */
  private dropStaleLock(): void {
    if (!existsSync(this.lockPath)) {
      return;
    }
    if (Date.now() - statSync(this.lockPath).mtimeMs > STALE_LOCK_MS) {
      rmSync(this.lockPath, { force: true });
    }
  }
}
