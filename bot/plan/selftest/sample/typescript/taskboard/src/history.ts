/** A history of events that grows, with undo and redo. */

import { type Board, hiddenEvents, replay } from "./board.ts";
import { Refused } from "./errors.ts";
import type { Change, Event } from "./events.ts";

export interface Author {
  readonly by: string;
  readonly now: () => Date;
}

export class History {
  private readonly list: Event[];
  private state: Board;

  constructor(events: readonly Event[] = []) {
    this.list = [...events];
    this.state = replay(this.list);
  }

  get events(): readonly Event[] {
    return this.list;
  }

  get board(): Board {
    return this.state;
  }

  /** Add changes as events with one time; returns these events. All of one call are undone together. */
  record(changes: readonly Change[], author: Author): Event[] {
    const time = author.now().toISOString();
    const first = this.list.length + 1;
    const added = changes.map((change, at) => ({ number: first + at, time, by: author.by, change }));
    this.list.push(...added);
    if (added.length > 0) {
      this.state = replay(this.list);
    }
    return added;
  }

  /** Undo what was done last. */
  undo(author: Author): Event[] {
    const hidden = hiddenEvents(this.list);
    const last = this.list.findLast((event) => !isMeta(event) && !hidden.has(event.number));
    if (last === undefined) {
      throw new Refused("nothing-to-undo", "there is nothing to undo");
    }
    const group = this.groupOf(last).filter((event) => !hidden.has(event.number));
    return this.record(
      group.reverse().map((event) => ({ kind: "undone", event: event.number })),
      author,
    );
  }

  /** Do again what was undone last. Possible until something else is done. */
  redo(author: Author): Event[] {
    const hidden = hiddenEvents(this.list);
    const last = this.list.at(-1);
    if (hidden.size === 0 || last === undefined || !isMeta(last)) {
      throw new Refused("nothing-to-redo", "there is nothing to redo");
    }
    // The undone event with the lowest number was undone last.
    const next = this.list.find((event) => hidden.has(event.number));
    const group = next === undefined ? [] : this.groupOf(next).filter((event) => hidden.has(event.number));
    return this.record(
      group.map((event) => ({ kind: "redone", event: event.number })),
      author,
    );
  }

  /** The events of one task, with those that were undone left out. */
  ofTask(id: number): Event[] {
    const hidden = hiddenEvents(this.list);
    return this.list.filter((event) => "task" in event.change && event.change.task === id && !hidden.has(event.number));
  }

  /** Events that were recorded together with one. */
  private groupOf(event: Event): Event[] {
    return this.list.filter((other) => !isMeta(other) && other.time === event.time && other.by === event.by);
  }
}

function isMeta(event: Event): boolean {
  return event.change.kind === "undone" || event.change.kind === "redone";
}
