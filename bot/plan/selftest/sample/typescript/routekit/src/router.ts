/** Routes by method and pattern. */

import { MethodNotAllowed, NotFound } from "./errors.ts";
import { type Params, Pattern } from "./pattern.ts";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

export interface Route<T> {
  readonly method: Method;
  readonly pattern: Pattern;
  readonly target: T;
  readonly name: string | undefined;
}

export interface Match<T> {
  readonly route: Route<T>;
  readonly params: Params;
}

export class RouteConflict extends Error {
  constructor(added: string, known: string) {
    super(`${added} matches the same paths as ${known}`);
    this.name = "RouteConflict";
  }
}

export class Router<T> {
  private readonly routes: Route<T>[] = [];
  private readonly names = new Map<string, Pattern>();

  /** Add a route. Throws RouteConflict when another one matches the same paths. */
  add(method: Method, source: string, target: T, name?: string): this {
    const pattern = new Pattern(source);
    const rival = this.routes.find((route) => route.method === method && route.pattern.shape === pattern.shape);
    if (rival !== undefined) {
      throw new RouteConflict(`${method} ${source}`, `${method} ${rival.pattern.source}`);
    }
    if (name !== undefined) {
      if (this.names.has(name)) {
        throw new RouteConflict(`the name ${name}`, `the name of another route`);
      }
      this.names.set(name, pattern);
    }
    this.routes.push({ method, pattern, target, name });
    this.routes.sort((one, other) => one.pattern.compare(other.pattern));
    return this;
  }

  /** Add all routes of another router below a path. */
  mount(prefix: string, other: Router<T>): this {
    const base = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
    for (const route of other.routes) {
      const source = route.pattern.source === "/" ? base || "/" : base + route.pattern.source;
      this.add(route.method, source, route.target, route.name);
    }
    return this;
  }

  /**
   * The route for a request. A HEAD request is answered by the route for GET unless it has one of its own.
   *
   * Throws NotFound for an unknown path, MethodNotAllowed for a known one with other methods.
   */
  find(method: string, path: string): Match<T> {
    const found = this.match(method, path) ?? (method === "HEAD" ? this.match("GET", path) : undefined);
    if (found !== undefined) {
      return found;
    }
    const allowed = this.methods(path);
    if (allowed.length > 0) {
      throw new MethodNotAllowed(method, allowed);
    }
    throw new NotFound(path);
  }

  /** The methods that a path has, in order of the alphabet; HEAD comes with GET. */
  methods(path: string): string[] {
    const found = new Set<string>();
    for (const route of this.routes) {
      if (route.pattern.match(path) === undefined) {
        continue;
      }
      found.add(route.method);
      if (route.method === "GET") {
        found.add("HEAD");
      }
    }
    return [...found].sort();
  }

  /** The path of a named route. Throws for an unknown name. */
  url(name: string, params: Record<string, string | number> = {}): string {
    const pattern = this.names.get(name);
    if (pattern === undefined) {
      throw new Error(`no route is named ${name}`);
    }
    return pattern.build(params);
  }

  /** All routes, in the order in which they are tried. */
  all(): readonly Route<T>[] {
    return this.routes;
  }

  get size(): number {
    return this.routes.length;
  }

  private match(method: string, path: string): Match<T> | undefined {
    for (const route of this.routes) {
      if (route.method !== method) {
        continue;
      }
      const params = route.pattern.match(path);
      if (params !== undefined) {
        return { route, params };
      }
    }
    return undefined;
  }
}
