import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "../../../client/index.ts";
import type { Token } from "../../../client/types.ts";

// A server that answers what a test says, in order. What the Worker answers is tested in packed.test.ts.

interface Seen {
  method: string;
  path: string;
  authorization: string | undefined;
  key: string | undefined;
  body: string;
}

type Answer = (response: ServerResponse) => unknown;

const json = (status: number, body: object = {}, headers: Record<string, string> = {}): Answer => {
  return (response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
};

let answers: Answer[] = [];
let seen: Seen[] = [];
const server: Server = createServer(async (request: IncomingMessage, response) => {
  const { method = "", url = "", headers } = request;
  const body = await text(request);
  const key = headers["idempotency-key"] as string | undefined;
  seen.push({ method, path: url, authorization: headers.authorization, key, body });
  (answers.shift() ?? json(500, { detail: "The test has no answer left" }))(response);
});

beforeAll(() => once(server.listen(0, "127.0.0.1"), "listening"));
afterAll(() => server.close());
afterEach(() => {
  expect(answers, "all answers were asked for").toEqual([]);
  seen = [];
});

const clientWith = (token: Token, ...next: Answer[]) => {
  answers = next;
  return createClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, token });
};

const AGAIN = { "retry-after": "0" };
const account = { company_id: 1, email_address: "a@demo.example" };

describe("a token", () => {
  it("that is refused is asked for again once, and the request is repeated", async () => {
    const refused: (string | undefined)[] = [];
    const token = async (old?: string) => {
      refused.push(old);
      return old ? "new" : "old";
    };
    const client = clientWith(token, json(401), json(201, { id: "x" }));
    const { data, response } = await client.POST("/accounts", { body: account });
    expect([data, response.status, refused]).toEqual([{ id: "x" }, 201, [undefined, "old"]]);
    expect(seen.map(({ authorization }) => authorization)).toEqual(["Bearer old", "Bearer new"]);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
    expect(seen.map(({ body }) => JSON.parse(body))).toEqual([account, account]);
  });

  it("that is refused twice is not asked for a third time", async () => {
    const client = clientWith(
      (old) => `${old}+`,
      json(401),
      json(401, { detail: "Invalid or expired token" }),
    );
    const { error, response } = await client.GET("/companies");
    expect([error, response.status]).toEqual([{ detail: "Invalid or expired token" }, 401]);
  });

  it.each([["a string"], [() => "a string"], [(old?: string) => (old ? "" : "a string")]] as [Token][])(
    "without another one, the 401 is the answer (%s)",
    async (token) => {
      const client = clientWith(token, json(401, { detail: "Invalid or expired token" }));
      expect((await client.GET("/companies")).error).toEqual({ detail: "Invalid or expired token" });
      expect(seen[0]?.authorization).toBe("Bearer a string");
    },
  );

  it("that cannot be had rejects with the function's error", async () => {
    const client = clientWith(() => Promise.reject(new Error("signed out")));
    await expect(client.GET("/companies")).rejects.toThrow("signed out");
    expect(seen).toEqual([]);
  });
});

describe("an Idempotency-Key", () => {
  it("is made for each POST, and for nothing else", async () => {
    const client = clientWith("t", json(201), json(201), json(200));
    for (const _ of [1, 2]) await client.POST("/accounts", { body: account });
    await client.PUT("/companies/{company_id}", { params: { path: { company_id: 1 } }, body: { name: "A" } });
    const keys = seen.map(({ key }) => key);
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.any(String), undefined]);
    expect(keys[0]).not.toBe(keys[1]);
  });

  it("of the caller is kept", async () => {
    const client = clientWith("t", json(503, {}, AGAIN), json(201));
    await client.POST("/accounts", { body: account, params: { header: { "Idempotency-Key": "mine" } } });
    expect(seen.map(({ key }) => key)).toEqual(["mine", "mine"]);
  });
});

describe("a request is repeated", () => {
  it("after 429 and 503, when Retry-After has passed, with the same key", async () => {
    const client = clientWith("t", json(429, {}, { "retry-after": "1" }), json(503, {}, AGAIN), json(201));
    const begun = Date.now();
    expect((await client.POST("/accounts", { body: account })).response.status).toBe(201);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(990);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
  });

  it("three times at most: then the answer is the refusal", async () => {
    const client = clientWith("t", ...[1, 2, 3].map((nth) => json(429, { detail: `${nth}` }, AGAIN)));
    expect((await client.GET("/companies")).error).toEqual({ detail: "3" });
  });

  it("not after more than a minute, which the caller may wait for", async () => {
    const client = clientWith("t", json(429, { detail: "later" }, { "retry-after": "61" }));
    const { error, response } = await client.GET("/companies");
    expect([error, response.headers.get("retry-after")]).toEqual([{ detail: "later" }, "61"]);
  });

  it("after a connection that breaks, with the same key: the first may have been carried out", async () => {
    const client = clientWith("t", (response) => response.socket?.destroy(), json(201));
    expect((await client.POST("/accounts", { body: account })).response.status).toBe(201);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
  });

  it("but not a PATCH, which may toggle: only after 429", async () => {
    const params = { path: { inbox_id: crypto.randomUUID() } };
    let client = clientWith("t", json(503, { detail: "busy" }, AGAIN));
    expect((await client.PATCH("/inbox/{inbox_id}/star", { params })).error).toEqual({ detail: "busy" });
    client = clientWith("t", (response) => response.socket?.destroy());
    await expect(client.PATCH("/inbox/{inbox_id}/star", { params })).rejects.toThrow(TypeError);
    client = clientWith("t", json(429, {}, AGAIN), json(200));
    expect((await client.PATCH("/inbox/{inbox_id}/star", { params })).response.status).toBe(200);
  });

  it.each([400, 403, 404, 409, 422, 500, 502])("not after %i", async (status) => {
    const client = clientWith("t", json(status, { detail: "no" }, AGAIN));
    expect((await client.GET("/companies")).error).toEqual({ detail: "no" });
  });

  it("not when the caller has given up: the wait ends with the signal's reason", async () => {
    const leaving = new AbortController();
    const client = clientWith("t", json(429, {}, { "retry-after": "60" }));
    const answer = client.GET("/companies", { signal: leaving.signal });
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    leaving.abort(new Error("left"));
    await expect(answer).rejects.toThrow("left");
  });
});

describe("an error", () => {
  it("of a proxy gets the shape of the API's", async () => {
    const client = clientWith("t", (response) =>
      response.writeHead(502, "Bad Gateway", { "content-type": "text/html" }).end("<h1>nginx</h1>"),
    );
    expect((await client.GET("/companies")).error).toEqual({ detail: "502 Bad Gateway" });
  });

  it("without a server is the TypeError of fetch", async () => {
    const client = createClient({ baseUrl: "http://127.0.0.1:9", token: "t" });
    await expect(client.GET("/companies")).rejects.toThrow(TypeError);
  });
});
