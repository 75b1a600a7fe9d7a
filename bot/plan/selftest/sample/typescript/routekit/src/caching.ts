/** Caching: `Cache-Control`, entity tags and conditional requests. https://www.rfc-editor.org/rfc/rfc9111 */

import { createHash } from "node:crypto";

import type { Request } from "./request.ts";
import { Response } from "./response.ts";

export interface CachePolicy {
  public?: boolean;
  private?: boolean;
  maxAge?: number;
  sharedMaxAge?: number;
  noStore?: boolean;
  noCache?: boolean;
  mustRevalidate?: boolean;
  immutable?: boolean;
}

const FLAGS: Record<string, keyof CachePolicy> = {
  public: "public",
  private: "private",
  "no-store": "noStore",
  "no-cache": "noCache",
  "must-revalidate": "mustRevalidate",
  immutable: "immutable",
};

/** A value for `Cache-Control`. Throws for a policy that contradicts itself. */
export function cacheControl(policy: CachePolicy): string {
  if (policy.public && policy.private) {
    throw new TypeError("a response is public or private, not both");
  }
  if (policy.noStore && (policy.maxAge !== undefined || policy.immutable)) {
    throw new TypeError("what is not stored has no age");
  }
  const parts: string[] = [];
  for (const [text, key] of Object.entries(FLAGS)) {
    if (policy[key] === true) {
      parts.push(text);
    }
  }
  if (policy.maxAge !== undefined) {
    parts.push(`max-age=${seconds(policy.maxAge)}`);
  }
  if (policy.sharedMaxAge !== undefined) {
    parts.push(`s-maxage=${seconds(policy.sharedMaxAge)}`);
  }
  return parts.join(", ");
}

/** Reads a `Cache-Control`; directives that are unknown or have no proper number are left out. */
export function parseCacheControl(header: string): CachePolicy {
  const policy: CachePolicy = {};
  for (const part of header.split(",")) {
    const [name, value] = part.trim().toLowerCase().split("=");
    switch (name) {
      case "max-age":
        policy.maxAge = numberOf(value);
        break;
      case "s-maxage":
        policy.sharedMaxAge = numberOf(value);
        break;
      case "public":
        policy.public = true;
        break;
      case "private":
        policy.private = true;
        break;
      case "no-store":
        policy.noStore = true;
        break;
      case "no-cache":
        policy.noCache = true;
        break;
      case "must-revalidate":
        policy.mustRevalidate = true;
        break;
      case "immutable":
        policy.immutable = true;
        break;
    }
  }
  return policy;
}

/** The entity tag of a body; a weak one says that only the meaning is equal, not every byte. */
export function etagOf(body: string | Uint8Array, weak = false): string {
  const hash = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  return weak ? `W/"${hash}"` : `"${hash}"`;
}

/** Whether the client's copy is still good, by its tags or by its date. */
export function isFresh(request: Request, etag: string | undefined, changed?: Date): boolean {
  if (request.headers.get("cache-control")?.includes("no-cache")) {
    return false;
  }
  const tags = request.headers.get("if-none-match");
  // Dates do not count when there are tags: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3
  if (tags !== undefined) {
    return etag !== undefined && matchesTag(tags, etag);
  }
  const since = Date.parse(request.headers.get("if-modified-since") ?? "");
  if (Number.isNaN(since) || changed === undefined) {
    return false;
  }
  return Math.floor(changed.getTime() / 1000) * 1000 <= since;
}

/** The response, or 304 where the client has it. Sets the tag. */
export function conditional(request: Request, response: Response): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return response;
  }
  if (!response.ok) {
    return response;
  }
  const etag = response.headers.get("etag") ?? etagOf(response.body);
  response.headers.setDefault("etag", etag);
  if (!isFresh(request, etag)) {
    return response;
  }
  const kept = new Response("", 304);
  for (const name of ["cache-control", "etag", "expires", "vary", "date"]) {
    const value = response.headers.get(name);
    if (value !== undefined) {
      kept.headers.set(name, value);
    }
  }
  return kept;
}

function matchesTag(header: string, etag: string): boolean {
  const tags = header.split(",").map((tag) => tag.trim());
  return tags.includes("*") || tags.some((tag) => bare(tag) === bare(etag));
}

function bare(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

function seconds(value: number): number {
  if (!Number.isInteger(value) || value < 0) {
    throw new RangeError(`not a number of seconds: ${value}`);
  }
  return value;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
