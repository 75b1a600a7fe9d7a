/** Which cell uses which, in both directions. Cells are known by their addresses as text. */

import { type Address, address, type Range } from "./reference.ts";

export interface Uses {
  readonly cells: readonly Address[];
  readonly ranges: readonly Range[];
}

export interface Order {
  /** Each cell after those it uses. */
  readonly sorted: string[];
  /** Cells that use themselves, directly or through others, and those that use such a cell. */
  readonly cyclic: Set<string>;
}

const NOTHING: Uses = { cells: [], ranges: [] };

export class DependencyGraph {
  private readonly uses = new Map<string, Uses>();
  private readonly users = new Map<string, Set<string>>();
  /** Ranges are not taken apart: `A1:A100000` would be as many entries. */
  private readonly rangeUsers = new Map<string, { range: Range; users: Set<string> }>();

  /** Say what a cell uses, in place of what it used before. */
  set(cell: string, uses: Uses): void {
    this.clear(cell);
    if (uses.cells.length === 0 && uses.ranges.length === 0) {
      return;
    }
    this.uses.set(cell, uses);
    for (const used of uses.cells) {
      const key = address(used);
      const known = this.users.get(key) ?? new Set();
      known.add(cell);
      this.users.set(key, known);
    }
    for (const range of uses.ranges) {
      const key = range.toString();
      const known = this.rangeUsers.get(key) ?? { range, users: new Set() };
      known.users.add(cell);
      this.rangeUsers.set(key, known);
    }
  }

  clear(cell: string): void {
    const known = this.uses.get(cell) ?? NOTHING;
    for (const used of known.cells) {
      const key = address(used);
      this.users.get(key)?.delete(cell);
      if (this.users.get(key)?.size === 0) {
        this.users.delete(key);
      }
    }
    for (const range of known.ranges) {
      const key = range.toString();
      this.rangeUsers.get(key)?.users.delete(cell);
      if (this.rangeUsers.get(key)?.users.size === 0) {
        this.rangeUsers.delete(key);
      }
    }
    this.uses.delete(cell);
  }

  /** The cells that use a cell directly, also through a range. */
  directUsers(cell: Address): Set<string> {
    const found = new Set(this.users.get(address(cell)));
    for (const { range, users } of this.rangeUsers.values()) {
      if (range.contains(cell)) {
        for (const user of users) {
          found.add(user);
        }
      }
    }
    return found;
  }

  /**
   * The cells that have to be worked out after a change of some cells, these included.
   *
   * Without recursion, because a column of sums may be as long as the sheet.
   */
  affected(changed: Iterable<Address>, parse: (cell: string) => Address): Order {
    const successors = new Map<string, Set<string>>();
    const todo = [...changed];
    while (todo.length > 0) {
      const cell = todo.pop() as Address;
      const key = address(cell);
      if (successors.has(key)) {
        continue;
      }
      const users = this.directUsers(cell);
      successors.set(key, users);
      todo.push(...[...users].map(parse));
    }
    return sort(successors);
  }
}

/** Kahn's algorithm: cells without open predecessors first; what is never free is part of a cycle or behind one. */
function sort(successors: ReadonlyMap<string, ReadonlySet<string>>): Order {
  const waiting = new Map<string, number>();
  for (const key of successors.keys()) {
    waiting.set(key, 0);
  }
  for (const users of successors.values()) {
    for (const user of users) {
      waiting.set(user, (waiting.get(user) ?? 0) + 1);
    }
  }
  const ready = [...waiting].filter(([, count]) => count === 0).map(([key]) => key);
  const sorted: string[] = [];
  while (ready.length > 0) {
    const key = ready.pop() as string;
    sorted.push(key);
    waiting.delete(key);
    for (const user of successors.get(key) ?? []) {
      const count = (waiting.get(user) ?? 0) - 1;
      waiting.set(user, count);
      if (count === 0) {
        ready.push(user);
      }
    }
  }
  return { sorted, cyclic: new Set(waiting.keys()) };
}
