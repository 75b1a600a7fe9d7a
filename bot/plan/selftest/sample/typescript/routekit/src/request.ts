/** A request, as far as a handler needs it. */

import { parseCookies } from "./cookies.ts";
import { BadRequest, HttpError } from "./errors.ts";
import { type HeaderInit, Headers } from "./headers.ts";

export interface RequestInit {
  headers?: HeaderInit;
  body?: string | Uint8Array;
  remote?: string;
}

const DEEPEST_JSON = 64;

export class Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly remote: string;
  private cookieCache: Record<string, string> | undefined;

  constructor(method: string, target: string, init: RequestInit = {}) {
    this.method = method.toUpperCase();
    this.headers = new Headers(init.headers);
    this.url = new URL(target, `http://${this.headers.get("host") ?? "localhost"}`);
    this.body = typeof init.body === "string" ? new TextEncoder().encode(init.body) : (init.body ?? new Uint8Array());
    this.remote = init.remote ?? "";
  }

  get path(): string {
    return this.url.pathname;
  }

  get cookies(): Record<string, string> {
    this.cookieCache ??= parseCookies(this.headers.get("cookie"));
    return this.cookieCache;
  }

  /** The query; a name that is there several times has the values in a list. */
  get query(): Record<string, string | string[]> {
    const found: Record<string, string | string[]> = {};
    for (const [name, value] of this.url.searchParams) {
      const known = Object.hasOwn(found, name) ? found[name] : undefined;
      if (known === undefined) {
        found[name] = value;
      } else if (Array.isArray(known)) {
        known.push(value);
      } else {
        found[name] = [known, value];
      }
    }
    return found;
  }

  /** The type of the body, without parameters and in lower case; empty for none. */
  get contentType(): string {
    return (this.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  }

  text(): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.body);
    } catch {
      throw new BadRequest("the body is not UTF-8");
    }
  }

  /** The body as JSON. Throws BadRequest for a body that is not, HttpError 415 for another type. */
  json(): unknown {
    const type = this.contentType;
    if (type !== "application/json" && !type.endsWith("+json")) {
      throw new HttpError(415, `expected JSON, not ${type || "a body without a type"}`);
    }
    let value: unknown;
    try {
      value = JSON.parse(this.text());
    } catch (error) {
      if (error instanceof HttpError) {
        throw error;
      }
      throw new BadRequest("the body is not JSON");
    }
    if (depthOf(value) > DEEPEST_JSON) {
      throw new BadRequest(`the body is nested more than ${DEEPEST_JSON} deep`);
    }
    return value;
  }

  /** The fields of a form. */
  form(): Record<string, string> {
    if (this.contentType !== "application/x-www-form-urlencoded") {
      throw new HttpError(415, "expected a form");
    }
    return Object.fromEntries(new URLSearchParams(this.text()));
  }

  /** The address of the client. Proxies are believed only as many as the caller trusts. */
  address(trustedProxies = 0): string {
    const hops = (this.headers.get("x-forwarded-for") ?? "")
      .split(",")
      .map((hop) => hop.trim())
      .filter((hop) => hop !== "");
    if (trustedProxies === 0 || hops.length === 0) {
      return this.remote;
    }
    return hops[Math.max(hops.length - trustedProxies, 0)];
  }
}

function depthOf(value: unknown): number {
  let deepest = 0;
  const todo: [unknown, number][] = [[value, 0]];
  while (todo.length > 0) {
    const [current, depth] = todo.pop() as [unknown, number];
    deepest = Math.max(deepest, depth);
    if (deepest > DEEPEST_JSON) {
      return deepest;
    }
    if (current !== null && typeof current === "object") {
      for (const inner of Object.values(current)) {
        todo.push([inner, depth + 1]);
      }
    }
  }
  return deepest;
}
