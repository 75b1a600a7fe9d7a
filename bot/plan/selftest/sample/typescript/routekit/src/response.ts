/** A response, and short ways to make one. */

import { type CookieOptions, expiredCookie, serializeCookie } from "./cookies.ts";
import { type HeaderInit, Headers } from "./headers.ts";

const WITHOUT_BODY = new Set([204, 205, 304]);

export class Response {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;

  constructor(body: string | Uint8Array = "", status = 200, headers: HeaderInit = {}) {
    if (!Number.isInteger(status) || status < 100 || status > 599) {
      throw new RangeError(`not a status: ${status}`);
    }
    this.status = status;
    this.headers = new Headers(headers);
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    if (WITHOUT_BODY.has(status) && bytes.length > 0) {
      throw new TypeError(`an answer with status ${status} has no body`);
    }
    this.body = bytes;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  text(): string {
    return new TextDecoder().decode(this.body);
  }

  json(): unknown {
    return JSON.parse(this.text());
  }

  cookie(name: string, value: string, options: CookieOptions = {}): this {
    this.headers.append("set-cookie", serializeCookie(name, value, options));
    return this;
  }

  forget(name: string): this {
    this.headers.append("set-cookie", expiredCookie(name));
    return this;
  }

  /** The same headers and status without the body, for HEAD; the length stays that of the body. */
  withoutBody(): Response {
    const bare = new Response("", this.status, this.headers);
    bare.headers.setDefault("content-length", String(this.body.length));
    return bare;
  }
}

export function text(body: string, status = 200, headers: HeaderInit = {}): Response {
  return typed(body, status, headers, "text/plain; charset=utf-8");
}

export function html(body: string, status = 200, headers: HeaderInit = {}): Response {
  return typed(body, status, headers, "text/html; charset=utf-8");
}

export function json(value: unknown, status = 200, headers: HeaderInit = {}): Response {
  // `undefined` has no JSON, and an empty body with a JSON type breaks clients.
  const body = JSON.stringify(value === undefined ? null : value);
  return typed(body, status, headers, "application/json");
}

export function noContent(headers: HeaderInit = {}): Response {
  return new Response("", 204, headers);
}

/** Sends the client elsewhere: 303 after a form, 307 to repeat the same method, 308 for good. */
export function redirect(target: string, status: 301 | 302 | 303 | 307 | 308 = 303): Response {
  return new Response("", status, { location: encodeURI(decodeURI(target)) });
}

function typed(body: string, status: number, headers: HeaderInit, type: string): Response {
  const response = new Response(body, status, headers);
  response.headers.setDefault("content-type", type);
  return response;
}
