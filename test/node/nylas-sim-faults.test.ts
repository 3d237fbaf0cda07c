import { describe, expect, test } from "vitest";
import { startWithGrant } from "./nylas-sim-harness.ts";

const to = [{ email: "x@elsewhere.example" }];

describe("fault", () => {
  test("of an unknown kind is refused", async () => {
    const { fault } = startWithGrant();
    expect((await fault("earthquake")).status).toBe(400);
  });

  test.each([
    ["POST /messages/send", 200],
    ["GET /v3/grants/*", 200],
    ["GET /v3/grants/{grant_id}/messages", 500],
    ["GET /v3/grants/:grant/messages", 500],
    ["/messages", 500],
  ])("for %s makes the list answer %i", async (route, status) => {
    const { api, control, path } = startWithGrant();
    await control("POST", "/fault", { route, kind: "500" });
    expect((await api("GET", path)).status).toBe(status);
  });

  test("strikes as often as asked, then no more", async () => {
    const { api, control, path } = startWithGrant();
    await control("POST", "/fault", { route: "GET /messages", kind: "404-once", times: 2 });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await api("GET", path)).status);
    expect(statuses).toEqual([404, 404, 200]);
  });

  test("502html and 503 have no Nylas error", async () => {
    const { send, fault } = startWithGrant();
    await fault("502html");
    expect((await send({ to })).body).toContain("<html>");
    await fault("503");
    expect((await send({ to })).body).not.toHaveProperty("error");
  });

  test("429-provider says when to come back", async () => {
    const { api, control, path } = startWithGrant();
    await control("POST", "/fault", { route: "GET /messages", kind: "429-provider", retryAfter: 9 });
    const { headers, body } = await api("GET", path);
    expect(headers.get("retry-after")).toBe("9");
    expect(body.error).toMatchObject({ type: "rate_limit_error", provider_error: { error: { code: 429 } } });
  });

  test("hang-body sends the headers, and the body only when faults are cleared", async () => {
    const { sim, path, fault, control, sentCount } = startWithGrant();
    await fault("hang-body");
    const init = {
      method: "POST",
      headers: { authorization: "Bearer api-key" },
      body: JSON.stringify({ to }),
    };
    const response = await sim.fetch(new Request(`http://nylas${path}/send`, init));
    expect(response.status).toBe(200);
    const body = response.json();
    const silence = new Promise((resolve) => setTimeout(() => resolve("silence"), 10));
    expect(await Promise.race([body, silence])).toBe("silence");
    await control("DELETE", "/fault");
    expect(await body).toMatchObject({ data: { folders: ["SENT"] } });
    expect(await sentCount()).toBe(1);
  });

  test("hang ends in an error on reset, and nothing was sent", async () => {
    const { fault, send, control } = startWithGrant();
    await fault("hang");
    const hanging = send({ to });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await control("POST", "/reset");
    expect((await hanging).status).toBe(500);
    expect((await control("GET", "/state")).body.messages).toEqual({});
  });

  test("hang ends when the client gives up, and nothing was sent", async () => {
    const { sim, path, fault, send, sentCount } = startWithGrant();
    await fault("hang");
    const client = new AbortController();
    const headers = { authorization: "Bearer api-key", "idempotency-key": "k" };
    const init = { method: "POST", headers, body: JSON.stringify({ to }), signal: client.signal };
    const hanging = sim.fetch(new Request(`http://nylas${path}/send`, init));
    await new Promise((resolve) => setTimeout(resolve, 5));
    client.abort();
    await hanging;
    expect(await sentCount()).toBe(0);
    expect((await send({ to }, "k")).status).toBe(200);
  });
});
