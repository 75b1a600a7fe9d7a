/** Header fields, without regard to the case of their names. */

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FORBIDDEN_IN_VALUE = /[\r\n\0]/;

export type HeaderInit = Iterable<readonly [string, string]> | Record<string, string>;

export class Headers implements Iterable<[string, string]> {
  private readonly fields = new Map<string, string[]>();

  constructor(init: HeaderInit = {}) {
    const pairs = Symbol.iterator in init ? (init as Iterable<readonly [string, string]>) : Object.entries(init);
    for (const [name, value] of pairs) {
      this.append(name, value);
    }
  }

  /** The value of a field; several values are joined by a comma, except for `set-cookie`. */
  get(name: string): string | undefined {
    const values = this.fields.get(name.toLowerCase());
    if (values === undefined) {
      return undefined;
    }
    return name.toLowerCase() === "set-cookie" ? values[0] : values.join(", ");
  }

  /** All values of a field, as they were added. */
  getAll(name: string): readonly string[] {
    return this.fields.get(name.toLowerCase()) ?? [];
  }

  has(name: string): boolean {
    return this.fields.has(name.toLowerCase());
  }

  /** Set a field in place of what it had. */
  set(name: string, value: string): this {
    check(name, value);
    this.fields.set(name.toLowerCase(), [value.trim()]);
    return this;
  }

  /** Set a field unless it is there. */
  setDefault(name: string, value: string): this {
    if (!this.has(name)) {
      this.set(name, value);
    }
    return this;
  }

  /** Add a value to a field. */
  append(name: string, value: string): this {
    check(name, value);
    const key = name.toLowerCase();
    const values = this.fields.get(key);
    if (values === undefined) {
      this.fields.set(key, [value.trim()]);
    } else {
      values.push(value.trim());
    }
    return this;
  }

  delete(name: string): boolean {
    return this.fields.delete(name.toLowerCase());
  }

  /** Add a name to `vary`, once. */
  vary(name: string): this {
    const known = (this.get("vary") ?? "").split(",").map((part) => part.trim().toLowerCase());
    if (known.includes("*") || known.includes(name.toLowerCase())) {
      return this;
    }
    return this.append("vary", name);
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const [name, values] of this.fields) {
      for (const value of values) {
        yield [name, value];
      }
    }
  }

  toObject(): Record<string, string> {
    const object: Record<string, string> = {};
    for (const name of this.fields.keys()) {
      object[name] = this.get(name) ?? "";
    }
    return object;
  }
}

/** A line end in a value would let a client add fields, or a whole second answer. */
function check(name: string, value: string): void {
  if (!NAME.test(name)) {
    throw new TypeError(`not the name of a header field: ${JSON.stringify(name)}`);
  }
  if (FORBIDDEN_IN_VALUE.test(value)) {
    throw new TypeError(`a line end in the value of ${name}`);
  }
}
