import { describe, expect, it } from "vitest";
import document from "../openapi.json";
import { createClient } from "./support/client.ts";
import { exampleFaults, holdAnswers, takeFaults } from "./support/contract.ts";
import { registered } from "./support/routes.ts";

const REQUEST_ID = { "x-request-id": "1" };

/** The faults of an answer to a request. */
async function faultsOf(path: string, body: BodyInit, init: ResponseInit): Promise<string[]> {
  const app = { fetch: async (_request: Request) => new Response(body, init) };
  holdAnswers(app);
  await (await app.fetch(new Request(`https://xabar.test${path}`))).text();
  return takeFaults();
}

const json = (body: unknown, init: { status?: number; headers?: Record<string, string> } = {}) =>
  [
    JSON.stringify(body),
    { ...init, headers: { "content-type": "application/json", ...REQUEST_ID, ...init.headers } },
  ] as const;

const COMPANY = { id: 1, name: "Demo" };

it("has every route of the Worker", () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routes = registered.map((route) => route.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}"));
  expect(described.sort()).toEqual(routes.sort());
});

it("has examples that are as it says", () => {
  expect(exampleFaults()).toEqual([]);
});

it("has an example of each JSON body", () => {
  type Content = { content?: { "application/json"?: { example?: unknown } } };
  const isBare = (part: Content | undefined) => {
    const content = part?.content?.["application/json"];
    return content !== undefined && content.example === undefined;
  };
  const bare = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, { requestBody?: Content; responses: Record<string, Content> }>)
      .filter(([, { requestBody, responses }]) =>
        [
          requestBody,
          ...Object.entries(responses).flatMap(([status, each]) => (status < "300" ? each : [])),
        ].some(isBare),
      )
      .map(([method]) => `${method} ${path}`),
  );
  expect(bare).toEqual([]);
});

describe("an answer that any test gets is a fault", () => {
  it("never if it is declared", async () => {
    expect(await faultsOf("/companies/", ...json([COMPANY]))).toEqual([]);
    const { status } = await (await createClient()).call("GET", "/companies/");
    expect(status).toBe(200);
    expect(takeFaults()).toEqual([]);
  });

  it("with a field that is not declared", async () => {
    const faults = await faultsOf("/companies", ...json([{ ...COMPANY, secret: 1 }]));
    expect(faults).toEqual(["GET /companies 200: #/0/secret: False boolean schema."]);
  });

  it("without a field that is declared", async () => {
    expect(await faultsOf("/companies", ...json([{ id: 1 }]))).not.toEqual([]);
  });

  it("with an undeclared field in an error", async () => {
    const answer = json({ detail: "Invalid", cause: "SELECT" }, { status: 400 });
    expect(await faultsOf("/companies", ...answer)).not.toEqual([]);
  });

  it("with an undeclared status", async () => {
    const faults = await faultsOf("/companies", ...json({ detail: "No" }, { status: 418 }));
    expect(faults).toEqual(["GET /companies 418: the status is not declared"]);
  });

  it("with an undeclared header, or without a declared one", async () => {
    const faults = await faultsOf("/companies", ...json([], { headers: { server: "x" } }));
    expect(faults).toEqual(["GET /companies 200: the header server is not declared"]);
    const bare = { headers: { "content-type": "application/json" } };
    expect(await faultsOf("/companies", "[]", bare)).toEqual([
      "GET /companies 200: the header x-request-id is missing",
    ]);
  });

  it("of another media type", async () => {
    const answer = { headers: { "content-type": "text/html", ...REQUEST_ID } };
    expect(await faultsOf("/companies", "<p>", answer)).toEqual([
      "GET /companies 200: a body of text/html is not declared",
    ]);
  });

  it("with an event of an undeclared name, or with undeclared data", async () => {
    const stream = { headers: { "content-type": "text/event-stream", ...REQUEST_ID } };
    const connected = { message: "connected", user_id: 1 };
    const open = `event: connected\ndata: ${JSON.stringify(connected)}\n\n`;
    expect(await faultsOf("/sse/events", open, stream)).toEqual([]);
    const named = await faultsOf("/sse/events", open.replace("event: connected", "event: other"), stream);
    expect(named).toEqual(["GET /sse/events 200: the event other is not declared"]);
    const more = await faultsOf("/sse/events", open.replace('"user_id"', '"role":"admin","user_id"'), stream);
    expect(more.join()).toContain("role");
  });
});
