import assert from "node:assert/strict";
import { test } from "node:test";

import { App, negotiate } from "../src/app.ts";
import { HttpError } from "../src/errors.ts";
import { bodyLimit, cors, type LogEntry, rateLimit, requestLog, securityHeaders } from "../src/middleware.ts";
import { Request, type RequestInit } from "../src/request.ts";
import { html, json, text } from "../src/response.ts";
import { array, boolean, integer, object, oneOf, optional, string, ValidationError } from "../src/validation.ts";

function get(app: App, path: string, init: RequestInit = {}) {
  return app.handle(new Request("GET", path, init));
}

test("a handler gets its parameters", async () => {
  const app = new App().get("/notes/:id", (context) => json({ id: context.params.id }));
  const response = await get(app, "/notes/7");
  assert.deepEqual(response.json(), { id: "7" });
});

test("errors become answers", async () => {
  const seen: unknown[] = [];
  const app = new App({ onError: (error) => seen.push(error) });
  app.get("/conflict", () => {
    throw new HttpError(409, "it exists", { details: { id: 1 } });
  });
  app.get("/broken", () => {
    throw new Error("secret");
  });
  app.get("/hidden", () => {
    throw new HttpError(503, "the database at 10.0.0.1 is down");
  });
  const conflict = await get(app, "/conflict");
  assert.equal(conflict.status, 409);
  assert.deepEqual(conflict.json(), { error: "it exists", code: "conflict", details: { id: 1 } });
  const broken = await get(app, "/broken");
  assert.equal(broken.status, 500);
  assert.doesNotMatch(broken.text(), /secret/);
  assert.equal(seen.length, 1);
  assert.doesNotMatch((await get(app, "/hidden")).text(), /10\.0/);
  assert.equal((await get(app, "/nothing")).status, 404);
});

test("HEAD has no body and OPTIONS lists the methods", async () => {
  const app = new App().get("/notes", () => text("four"));
  const head = await app.handle(new Request("HEAD", "/notes"));
  assert.deepEqual([head.body.length, head.headers.get("content-length")], [0, "4"]);
  const options = await app.handle(new Request("OPTIONS", "/notes"));
  assert.equal(options.headers.get("allow"), "GET, HEAD, OPTIONS");
});

test("a fresh copy is answered with 304, unless that is switched off", async () => {
  const app = new App().get("/", () => text("same"));
  const etag = (await get(app, "/")).headers.get("etag") ?? "";
  assert.equal((await get(app, "/", { headers: { "if-none-match": etag } })).status, 304);
  const plain = new App({ conditional: false }).get("/", () => text("same"));
  assert.equal((await get(plain, "/")).headers.has("etag"), false);
});

test("middleware runs from the outside to the inside", async () => {
  const order: string[] = [];
  const app = new App();
  for (const name of ["outer", "inner"]) {
    app.use(async (_context, next) => {
      order.push(name);
      const response = await next();
      order.push(`${name} again`);
      return response;
    });
  }
  app.get("/", () => {
    order.push("handler");
    return text("");
  });
  await get(app, "/");
  assert.deepEqual(order, ["outer", "inner", "handler", "inner again", "outer again"]);
});

test("a middleware that goes on twice is a mistake", async () => {
  const seen: unknown[] = [];
  const app = new App({ onError: (error) => seen.push(error) });
  app.use(async (_context, next) => {
    await next();
    return next();
  });
  app.get("/", () => text(""));
  assert.equal((await get(app, "/")).status, 500);
  assert.match(String(seen[0]), /twice/);
});

test("a mounted application keeps its middleware", async () => {
  const inner = new App().use(securityHeaders()).get("/", () => text("inner"));
  const app = new App().mount("/api", inner).get("/", () => text("outer"));
  assert.equal((await get(app, "/api")).headers.get("x-frame-options"), "DENY");
  assert.equal((await get(app, "/")).headers.has("x-frame-options"), false);
});

test("cross-origin requests", async () => {
  const app = new App().use(cors({ origins: ["https://a.example"], credentials: true })).get("/", () => text("x"));
  const allowed = await get(app, "/", { headers: { origin: "https://a.example" } });
  assert.equal(allowed.headers.get("access-control-allow-origin"), "https://a.example");
  assert.equal(allowed.headers.get("access-control-allow-credentials"), "true");
  const other = await get(app, "/", { headers: { origin: "https://b.example" } });
  assert.equal(other.headers.has("access-control-allow-origin"), false);
  assert.equal(other.headers.get("vary"), "Origin");
  const preflight = await app.handle(
    new Request("OPTIONS", "/", { headers: { origin: "https://a.example", "access-control-request-method": "PUT" } }),
  );
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /PUT/);
  assert.throws(() => cors({ origins: "*", credentials: true }), TypeError);
});

test("a client that asks too often has to wait", async () => {
  let time = 0;
  const app = new App().use(rateLimit({ burst: 2, perSecond: 0.5, now: () => time })).get("/", () => text("x"));
  const statuses = [];
  for (let count = 0; count < 3; count++) {
    statuses.push((await get(app, "/", { remote: "1.1.1.1" })).status);
  }
  assert.deepEqual(statuses, [200, 200, 429]);
  assert.equal((await get(app, "/", { remote: "2.2.2.2" })).status, 200);
  assert.equal((await get(app, "/", { remote: "1.1.1.1" })).headers.get("retry-after"), "2");
  time = 2000;
  assert.equal((await get(app, "/", { remote: "1.1.1.1" })).status, 200);
});

test("large bodies are refused", async () => {
  const app = new App().use(bodyLimit(4)).post("/", () => text("x"));
  assert.equal((await app.handle(new Request("POST", "/", { body: "12345" }))).status, 413);
  assert.equal((await app.handle(new Request("POST", "/", { headers: { "content-length": "9" } }))).status, 413);
  assert.equal((await app.handle(new Request("POST", "/", { body: "1234" }))).status, 200);
});

test("every request is logged, also a failed one", async () => {
  const entries: LogEntry[] = [];
  let time = 0;
  const app = new App().use(requestLog((entry) => entries.push(entry), () => (time += 5))).get("/", () => text("x"));
  await get(app, "/");
  await get(app, "/nothing");
  assert.deepEqual(entries, [
    { method: "GET", path: "/", status: 200, milliseconds: 5 },
    { method: "GET", path: "/nothing", status: 404, milliseconds: 5 },
  ]);
});

test("the type is negotiated", async () => {
  const app = new App().get("/", negotiate({ "text/html": () => html("<p>"), "application/json": () => json({}) }));
  const response = await get(app, "/", { headers: { accept: "application/json" } });
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("vary"), "Accept");
  assert.equal((await get(app, "/", { headers: { accept: "image/png" } })).status, 406);
});

const NOTE = object({
  title: string({ min: 1, max: 5, trim: true }),
  stars: optional(integer({ min: 0, max: 3 }), 0),
  state: oneOf("open", "done"),
  tags: optional(array(string(), 2)),
});

test("good data is converted", () => {
  assert.deepEqual(NOTE.parse({ title: " a ", state: "open" }), { title: "a", stars: 0, state: "open", tags: undefined });
  assert.equal(integer({ fromText: true }).parse("-12"), -12);
  assert.equal(boolean(true).parse("false"), false);
  assert.equal(string({ max: 1 }).parse("🙂"), "🙂");
});

test("everything that is wrong is said at once", () => {
  assert.throws(
    () => NOTE.parse({ title: "", stars: 9, state: "lost", tags: [1, "x"], extra: 1 }),
    (error: unknown) => {
      assert.ok(error instanceof ValidationError);
      assert.deepEqual(
        error.issues.map((issue) => issue.path),
        ["title", "stars", "state", "tags[0]", "extra"],
      );
      return true;
    },
  );
});

test("values of the wrong kind", () => {
  const cases: [{ check(value: unknown): { ok: boolean } }, unknown][] = [
    [string(), 1],
    [string({ pattern: /^a/ }), "b"],
    [integer(), "1"],
    [integer(), 1.5],
    [boolean(), "true"],
    [array(string()), {}],
    [array(string(), 1), ["a", "b"]],
    [NOTE, null],
    [NOTE, []],
  ];
  for (const [schema, value] of cases) {
    assert.equal(schema.check(value).ok, false, JSON.stringify(value));
  }
});

test("a mistake in a body is answered with 422", async () => {
  const app = new App().post("/notes", (context) => json(NOTE.parse(context.request.json()), 201));
  const send = (body: unknown) =>
    app.handle(
      new Request("POST", "/notes", { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    );
  assert.equal((await send({ title: "a", state: "done" })).status, 201);
  const wrong = await send({ title: "a" });
  assert.equal(wrong.status, 422);
  assert.deepEqual((wrong.json() as { details: unknown }).details, [{ path: "state", message: "must be one of open, done" }]);
});
