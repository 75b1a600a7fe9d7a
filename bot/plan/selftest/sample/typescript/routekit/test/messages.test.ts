import assert from "node:assert/strict";
import { test } from "node:test";

import { cacheControl, conditional, etagOf, isFresh, parseCacheControl } from "../src/caching.ts";
import { expiredCookie, parseCookies, serializeCookie } from "../src/cookies.ts";
import { BadRequest, codeOf, HttpError } from "../src/errors.ts";
import { Headers } from "../src/headers.ts";
import { acceptsCoding, parseWeights, preferred, preferredLanguage } from "../src/negotiation.ts";
import { Request } from "../src/request.ts";
import { html, json, noContent, redirect, Response, text } from "../src/response.ts";

test("names of headers have no case", () => {
  const headers = new Headers({ "Content-Type": "text/plain" });
  assert.equal(headers.get("content-type"), "text/plain");
  assert.equal(headers.append("X-Tag", "a").append("x-tag", "b").get("X-TAG"), "a, b");
  assert.deepEqual(headers.getAll("x-tag"), ["a", "b"]);
  assert.equal(headers.delete("x-tag"), true);
  assert.equal(headers.has("x-tag"), false);
});

test("headers with line ends are refused", () => {
  assert.throws(() => new Headers({ "x-a": "1\r\nset-cookie: b=1" }), TypeError);
  assert.throws(() => new Headers({ "x a": "1" }), TypeError);
});

test("vary names each header once", () => {
  const headers = new Headers().vary("Accept").vary("accept").vary("Origin");
  assert.equal(headers.get("vary"), "Accept, Origin");
  assert.equal(new Headers({ vary: "*" }).vary("Accept").get("vary"), "*");
});

test("the parts of a request", () => {
  const request = new Request("post", "/notes?tag=a&tag=b&page=2", {
    headers: { host: "example.org", cookie: "a=1; b=%20", "content-type": "Application/JSON; charset=utf-8" },
    body: '{"title": "x"}',
  });
  assert.equal(request.method, "POST");
  assert.equal(request.path, "/notes");
  assert.deepEqual(request.query, { tag: ["a", "b"], page: "2" });
  assert.deepEqual(request.cookies, { a: "1", b: " " });
  assert.deepEqual(request.json(), { title: "x" });
});

test("bodies that cannot be read", () => {
  const type = { "content-type": "application/json" };
  assert.throws(() => new Request("POST", "/", { headers: type, body: "{" }).json(), BadRequest);
  assert.throws(() => new Request("POST", "/", { headers: type, body: new Uint8Array([255]) }).json(), BadRequest);
  assert.throws(() => new Request("POST", "/", { headers: type, body: "[".repeat(99) + "]".repeat(99) }).json(), BadRequest);
  assert.throws(
    () => new Request("POST", "/", { body: "{}" }).json(),
    (error: unknown) => error instanceof HttpError && error.status === 415,
  );
});

test("forms", () => {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  assert.deepEqual(new Request("POST", "/", { headers, body: "a=1&b=x+y" }).form(), { a: "1", b: "x y" });
});

test("only trusted proxies are believed", () => {
  const request = new Request("GET", "/", { headers: { "x-forwarded-for": "6.6.6.6, 1.2.3.4" }, remote: "10.0.0.1" });
  assert.equal(request.address(), "10.0.0.1");
  assert.equal(request.address(1), "1.2.3.4");
  assert.equal(request.address(5), "6.6.6.6");
});

test("ways to make a response", () => {
  assert.equal(text("hi").headers.get("content-type"), "text/plain; charset=utf-8");
  assert.equal(html("<p>", 404).status, 404);
  assert.equal(json(undefined).text(), "null");
  assert.equal(noContent().status, 204);
  assert.equal(redirect("/a b").headers.get("location"), "/a%20b");
  assert.throws(() => new Response("x", 204), TypeError);
  assert.throws(() => new Response("", 99), RangeError);
});

test("a response without its body keeps the length", () => {
  const bare = text("four").withoutBody();
  assert.equal(bare.body.length, 0);
  assert.equal(bare.headers.get("content-length"), "4");
});

test("cookies are read", () => {
  assert.deepEqual(parseCookies('a=1; a=2; b="x y"; bad; c=%zz'), { a: "1", b: "x y", c: "%zz" });
  assert.deepEqual(parseCookies(undefined), {});
});

test("cookies are written", () => {
  assert.equal(serializeCookie("a", "x;y"), "a=x%3By; Path=/; SameSite=Lax; HttpOnly");
  assert.equal(
    serializeCookie("a", "1", { maxAge: 60, secure: true, sameSite: "none", httpOnly: false }),
    "a=1; Max-Age=60; Path=/; SameSite=None; Secure",
  );
  assert.match(expiredCookie("a"), /^a=; Max-Age=0; /);
});

test("cookies that browsers would drop are refused", () => {
  assert.throws(() => serializeCookie("a b", "1"), TypeError);
  assert.throws(() => serializeCookie("a", "1", { sameSite: "none" }), TypeError);
  assert.throws(() => serializeCookie("__Host-a", "1"), TypeError);
  assert.throws(() => serializeCookie("a", "x".repeat(5000)), RangeError);
  assert.throws(() => serializeCookie("a", "1", { maxAge: 1.5 }), TypeError);
});

test("weights", () => {
  const values = parseWeights("text/html;q=0.8, */*;q=0.1, application/json, x;q=2").map((entry) => entry.value);
  assert.deepEqual(values, ["application/json", "text/html", "*/*"]);
});

test("the preferred type", () => {
  const available = ["application/json", "text/html"];
  assert.equal(preferred(undefined, available), "application/json");
  assert.equal(preferred("text/*", available), "text/html");
  assert.equal(preferred("text/html;q=0.5, */*;q=0.9", available), "application/json");
  assert.equal(preferred("text/html;q=0, */*", ["text/html"]), undefined);
  assert.equal(preferred("image/png", available), undefined);
});

test("the preferred language", () => {
  assert.equal(preferredLanguage("de-AT, en;q=0.5", ["en", "de"]), "de");
  assert.equal(preferredLanguage("fr, *;q=0.1", ["en", "de"]), "en");
  assert.equal(preferredLanguage("fr;q=0", ["fr"]), undefined);
});

test("codings", () => {
  assert.equal(acceptsCoding("gzip, br;q=0", "gzip"), true);
  assert.equal(acceptsCoding("gzip, br;q=0", "br"), false);
  assert.equal(acceptsCoding("*", "br"), true);
  assert.equal(acceptsCoding(undefined, "gzip"), false);
});

test("cache control there and back", () => {
  const policy = { public: true, maxAge: 60, immutable: true };
  assert.equal(cacheControl(policy), "public, immutable, max-age=60");
  assert.deepEqual(parseCacheControl(cacheControl(policy)), policy);
  assert.deepEqual(parseCacheControl("max-age=soon, No-Store"), { maxAge: undefined, noStore: true });
  assert.throws(() => cacheControl({ public: true, private: true }), TypeError);
  assert.throws(() => cacheControl({ noStore: true, maxAge: 1 }), TypeError);
  assert.throws(() => cacheControl({ maxAge: -1 }), RangeError);
});

test("tags and dates of conditional requests", () => {
  const etag = etagOf("body");
  const fresh = (headers: Record<string, string>) => isFresh(new Request("GET", "/", { headers }), etag, new Date(5000));
  assert.equal(fresh({ "if-none-match": `"x", ${etag}` }), true);
  assert.equal(fresh({ "if-none-match": `W/${etag}` }), true);
  assert.equal(fresh({ "if-none-match": '"x"', "if-modified-since": new Date(9000).toUTCString() }), false);
  assert.equal(fresh({ "if-modified-since": new Date(5000).toUTCString() }), true);
  assert.equal(fresh({ "if-modified-since": new Date(4000).toUTCString() }), false);
  assert.equal(fresh({ "if-none-match": etag, "cache-control": "no-cache" }), false);
});

test("a fresh copy is not sent again", () => {
  const response = text("body", 200, { "cache-control": "no-cache", "x-other": "1" });
  const again = conditional(new Request("GET", "/", { headers: { "if-none-match": etagOf("body") } }), response);
  assert.equal(again.status, 304);
  assert.equal(again.headers.get("cache-control"), "no-cache");
  assert.equal(again.headers.has("x-other"), false);
  const posted = conditional(new Request("POST", "/"), text("body"));
  assert.equal(posted.headers.has("etag"), false);
});

test("codes of statuses", () => {
  assert.equal(codeOf(404), "not_found");
  assert.equal(codeOf(418), "error");
  assert.equal(codeOf(503), "internal");
  assert.throws(() => new HttpError(200, "fine"), RangeError);
});
