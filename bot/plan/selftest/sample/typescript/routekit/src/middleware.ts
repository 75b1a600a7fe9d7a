/** Middleware: functions around a handler. */

import type { Context, Handler, Middleware } from "./app.ts";
import { PayloadTooLarge, TooManyRequests } from "./errors.ts";
import { noContent, type Response } from "./response.ts";

/** One handler from several middlewares and the innermost handler; the first one is outermost. */
export function compose(middlewares: readonly Middleware[], handler: Handler): Handler {
  return middlewares.reduceRight<Handler>((next, middleware) => {
    return (context) => {
      let called = false;
      return middleware(context, (inner = context) => {
        if (called) {
          throw new Error("a middleware called the next handler twice");
        }
        called = true;
        return next(inner);
      });
    };
  }, handler);
}

export interface CorsOptions {
  origins: readonly string[] | "*";
  methods?: readonly string[];
  headers?: readonly string[];
  credentials?: boolean;
  maxAge?: number;
}

/** Cross-origin requests: https://fetch.spec.whatwg.org/#http-cors-protocol */
export function cors(options: CorsOptions): Middleware {
  if (options.credentials && options.origins === "*") {
    throw new TypeError("credentials need a list of origins");
  }
  const methods = options.methods ?? ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
  return async (context, next) => {
    const origin = context.request.headers.get("origin");
    if (origin === undefined) {
      return next();
    }
    const allowed = options.origins === "*" || options.origins.includes(origin);
    const preflight =
      context.request.method === "OPTIONS" && context.request.headers.has("access-control-request-method");
    const response = preflight ? noContent() : await next();
    response.headers.vary("Origin");
    if (!allowed) {
      return response;
    }
    response.headers.set("access-control-allow-origin", options.origins === "*" ? "*" : origin);
    if (options.credentials) {
      response.headers.set("access-control-allow-credentials", "true");
    }
    if (preflight) {
      response.headers.set("access-control-allow-methods", methods.join(", "));
      response.headers.set("access-control-allow-headers", (options.headers ?? ["Content-Type"]).join(", "));
      response.headers.set("access-control-max-age", String(options.maxAge ?? 600));
    }
    return response;
  };
}

export interface RateOptions {
  /** Requests in a row, before the client has to wait. */
  burst: number;
  /** Requests for each second after that. */
  perSecond: number;
  keyOf?: (context: Context) => string;
  now?: () => number;
  /** So many clients are remembered at most. */
  most?: number;
}

/** A bucket of tokens for each client, filled again over time. */
export function rateLimit(options: RateOptions): Middleware {
  const keyOf = options.keyOf ?? ((context) => context.request.address());
  const now = options.now ?? (() => Date.now());
  const most = options.most ?? 10_000;
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (context, next) => {
    const key = keyOf(context);
    const time = now();
    const bucket = buckets.get(key) ?? { tokens: options.burst, at: time };
    const earned = ((time - bucket.at) / 1000) * options.perSecond;
    const tokens = Math.min(bucket.tokens + earned, options.burst);
    if (tokens < 1) {
      throw new TooManyRequests(Math.ceil((1 - tokens) / options.perSecond));
    }
    // Deleting first moves the key to the end, so that the first key is the one that was seen longest ago.
    buckets.delete(key);
    buckets.set(key, { tokens: tokens - 1, at: time });
    if (buckets.size > most) {
      const oldest = buckets.keys().next().value;
      if (oldest !== undefined) {
        buckets.delete(oldest);
      }
    }
    return next();
  };
}

/** Refuses bodies that are larger than so many bytes. */
export function bodyLimit(bytes: number): Middleware {
  return (context, next) => {
    const stated = Number(context.request.headers.get("content-length") ?? 0);
    if (stated > bytes || context.request.body.length > bytes) {
      throw new PayloadTooLarge(bytes);
    }
    return next();
  };
}

export interface LogEntry {
  method: string;
  path: string;
  status: number;
  milliseconds: number;
}

/** Writes an entry for each request, also for those that end with an error. */
export function requestLog(write: (entry: LogEntry) => void, now: () => number = () => performance.now()): Middleware {
  return async (context, next) => {
    const start = now();
    const { method, path } = context.request;
    const entry = (status: number): LogEntry => ({ method, path, status, milliseconds: now() - start });
    try {
      const response = await next();
      write(entry(response.status));
      return response;
    } catch (error) {
      const status = (error as { status?: unknown }).status;
      write(entry(typeof status === "number" ? status : 500));
      throw error;
    }
  };
}

const SECURITY: Record<string, string> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "content-security-policy": "default-src 'self'",
};

/** Headers that make browsers more careful, unless a handler has set them. */
export function securityHeaders(extra: Record<string, string> = {}): Middleware {
  return async (_context, next): Promise<Response> => {
    const response = await next();
    for (const [name, value] of Object.entries({ ...SECURITY, ...extra })) {
      response.headers.setDefault(name, value);
    }
    return response;
  };
}
