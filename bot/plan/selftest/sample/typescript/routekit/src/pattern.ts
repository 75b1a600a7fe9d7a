/** Patterns of paths, such as `/notes/:id<int>` and `/files/*path`. */

export type Params = Readonly<Record<string, string>>;

export type Part =
  | { kind: "fixed"; text: string }
  | { kind: "param"; name: string; type: ParamType; optional: boolean }
  | { kind: "rest"; name: string };

export type ParamType = "any" | "int" | "slug" | "uuid";

const TYPES: Record<ParamType, RegExp> = {
  any: /^.+$/,
  int: /^\d{1,15}$/,
  slug: /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
};

const PARAM = /^:(?<name>[A-Za-z_]\w*)(?:<(?<type>\w+)>)?(?<optional>\?)?$/;
const REST = /^\*(?<name>[A-Za-z_]\w*)$/;

/** The weight of each kind of part: the higher one is tried first. */
const WEIGHTS = { fixed: 4, typed: 3, any: 2, rest: 1 };

export class PatternError extends Error {
  constructor(pattern: string, why: string) {
    super(`${pattern}: ${why}`);
    this.name = "PatternError";
  }
}

export class Pattern {
  readonly source: string;
  readonly parts: readonly Part[];

  constructor(source: string) {
    if (!source.startsWith("/")) {
      throw new PatternError(source, "a pattern begins with a slash");
    }
    this.source = source;
    this.parts = split(source).map((text) => parsePart(source, text));
    this.check();
  }

  /** The parameters of a path, or undefined where the pattern does not match. */
  match(path: string): Params | undefined {
    const texts = split(path);
    const params: Record<string, string> = {};
    for (const [index, part] of this.parts.entries()) {
      const text = texts[index];
      if (part.kind === "rest") {
        const rest = texts.slice(index);
        if (rest.length === 0) {
          return undefined;
        }
        params[part.name] = rest.map(decode).join("/");
        return params;
      }
      if (text === undefined) {
        return part.kind === "param" && part.optional ? params : undefined;
      }
      if (part.kind === "fixed") {
        if (decode(text) !== part.text) {
          return undefined;
        }
        continue;
      }
      const value = decode(text);
      if (!TYPES[part.type].test(value)) {
        return undefined;
      }
      params[part.name] = value;
    }
    return texts.length > this.parts.length ? undefined : params;
  }

  /** A path with these parameters. Throws PatternError for one that is missing or has the wrong type. */
  build(params: Record<string, string | number> = {}): string {
    const texts: string[] = [];
    for (const part of this.parts) {
      if (part.kind === "fixed") {
        texts.push(encodeURIComponent(part.text));
        continue;
      }
      const value = params[part.name];
      if (value === undefined) {
        if (part.kind === "param" && part.optional) {
          break;
        }
        throw new PatternError(this.source, `${part.name} is missing`);
      }
      if (part.kind === "rest") {
        texts.push(...String(value).split("/").map(encodeURIComponent));
        continue;
      }
      if (!TYPES[part.type].test(String(value))) {
        throw new PatternError(this.source, `${part.name} is not of type ${part.type}: ${value}`);
      }
      texts.push(encodeURIComponent(String(value)));
    }
    return `/${texts.join("/")}`;
  }

  /** Compares two patterns: negative when this one is to be tried first. */
  compare(other: Pattern): number {
    const length = Math.max(this.parts.length, other.parts.length);
    for (let index = 0; index < length; index++) {
      const difference = weight(other.parts[index]) - weight(this.parts[index]);
      if (difference !== 0) {
        return difference;
      }
    }
    return 0;
  }

  /** The pattern without the names of its parameters: equal for patterns that match the same paths. */
  get shape(): string {
    const parts = this.parts.map((part) => {
      switch (part.kind) {
        case "fixed":
          return part.text;
        case "param":
          return `:${part.type}${part.optional ? "?" : ""}`;
        case "rest":
          return "*";
      }
    });
    return `/${parts.join("/")}`;
  }

  private check(): void {
    const names = new Set<string>();
    for (const [index, part] of this.parts.entries()) {
      const last = index === this.parts.length - 1;
      if (part.kind === "fixed") {
        continue;
      }
      if (names.has(part.name)) {
        throw new PatternError(this.source, `${part.name} is there twice`);
      }
      names.add(part.name);
      if (part.kind === "rest" && !last) {
        throw new PatternError(this.source, "the rest has to come last");
      }
      if (part.kind === "param" && part.optional && !last) {
        throw new PatternError(this.source, "only the last part can be optional");
      }
    }
  }
}

function parsePart(source: string, text: string): Part {
  if (text.startsWith("*")) {
    const found = REST.exec(text);
    if (found?.groups === undefined) {
      throw new PatternError(source, `${text} needs a name`);
    }
    return { kind: "rest", name: found.groups.name };
  }
  if (text.startsWith(":")) {
    const found = PARAM.exec(text);
    if (found?.groups === undefined) {
      throw new PatternError(source, `${text} is not a parameter`);
    }
    const type = found.groups.type ?? "any";
    if (!isParamType(type)) {
      throw new PatternError(source, `unknown type ${type}; known are ${Object.keys(TYPES).join(", ")}`);
    }
    return { kind: "param", name: found.groups.name, type, optional: found.groups.optional !== undefined };
  }
  return { kind: "fixed", text };
}

function isParamType(text: string): text is ParamType {
  return Object.hasOwn(TYPES, text);
}

function weight(part: Part | undefined): number {
  if (part === undefined) {
    return 0;
  }
  if (part.kind === "param") {
    return part.type === "any" ? WEIGHTS.any : WEIGHTS.typed;
  }
  return WEIGHTS[part.kind];
}

/** The parts of a path; a slash at the end does not count. */
function split(path: string): string[] {
  return path.split("/").filter((part, index, all) => part !== "" || (index > 0 && index < all.length - 1));
}

/** The text that percent signs stand for; the text itself where they stand for nothing. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
