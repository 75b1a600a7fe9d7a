/** Refusals: what a person asked for cannot be done, and why. */

export type Reason =
  | "unknown-task"
  | "unknown-column"
  | "column-full"
  | "column-not-empty"
  | "blocked"
  | "cycle"
  | "invalid"
  | "nothing-to-undo"
  | "nothing-to-redo"
  | "locked"
  | "unreadable";

export class Refused extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.name = "Refused";
    this.reason = reason;
  }
}

/** Throws for a value that cannot occur; the compiler checks that it cannot. */
export function unreachable(value: never): never {
  throw new Error(`not expected: ${JSON.stringify(value)}`);
}
