import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { modules } from "../../src/app.ts";
import { createFront } from "../../src/platform/front.ts";
import { createClient } from "../support/client.ts";
import { emailClient } from "../support/email-client.ts";
import { createPerson } from "../support/hub-client.ts";

const front = createFront(modules);
const PROFILE = "/api/accounts/account/profile/";

async function ask(path: string, token: string, changes: object, host = "xabar.test") {
  const execution = createExecutionContext();
  const request = new Request(`https://${host}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const response = await front.fetch(request, { ...env, ...changes } as Env, execution);
  const body = JSON.parse(await response.text());
  await waitOnExecutionContext(execution);
  return { status: response.status, headers: response.headers, body };
}

it("switched off, its paths are unknown, and the other modules work", async () => {
  const { token } = await createPerson();
  const on = { MODULES: { hub: false } };
  expect(await ask(PROFILE, token, on)).toMatchObject({
    status: 401,
    body: { detail: "Invalid or expired token" },
  });
  expect((await ask("/inbox", (await createClient()).token, on)).status).toBe(200);
});

it("below a prefix it answers there alone, and its URLs have the prefix", async () => {
  const { token } = await createPerson({ picture: "0123456789abcdef0123456789abcdef" });
  const on = { MODULES: '{"hub": {"prefix": "/hub"}}' };
  const { status, body } = await ask(`/hub${PROFILE}`, token, on);
  expect(status).toBe(200);
  expect(body.profile_picture).toMatch(/^https:\/\/xabar\.test\/hub\/media\//);
  expect((await ask(PROFILE, token, on)).status).toBe(401);
});

it("a page's URLs and the Link of a list that was cut have the prefix and the caller's host", async () => {
  const { token } = await createPerson();
  const comments = Array.from({ length: 101 }, (_, at) => `(${at + 1}, 'x', ${at})`);
  await env.HUB_DB.exec(`INSERT INTO hub_comments (id, content, created_at) VALUES ${comments.join(", ")}`);
  const on = { MODULES: { hub: { prefix: "/hub" } } };
  const whole = await ask("/hub/api/comments/comment", token, on, "hub.test");
  expect(whole.body).toHaveLength(100);
  const [, next = ""] = /^<(.+)>; rel="next"$/.exec(whole.headers.get("link") ?? "") ?? [];
  expect(next).toBe("https://hub.test/hub/api/comments/comment?page=5");
  const last = await ask(next.slice("https://hub.test".length), token, on, "hub.test");
  expect(last.body).toMatchObject({
    count: 101,
    next: null,
    previous: "https://hub.test/hub/api/comments/comment?page=4",
    results: [{ id: 1 }],
  });
});

it("bound to a host it answers only there", async () => {
  const { token } = await createPerson();
  const on = { MODULES: { hub: { host: "hub.test" } } };
  expect((await ask(PROFILE, token, on, "hub.test")).status).toBe(200);
  expect((await ask(PROFILE, token, on)).status).toBe(401);
});

it.each([undefined, ""])(
  "with HUB_JWT_SECRET %j every door is 503, and the other modules work",
  async (HUB_JWT_SECRET) => {
    const { token } = await createPerson();
    const on = { HUB_JWT_SECRET };
    for (const path of [PROFILE, "/api/comments/comment", "/api/posts/nothing", "/media/x"])
      expect(await ask(path, token, on), path).toMatchObject({
        status: 503,
        body: { error: expect.stringContaining("HUB_JWT_SECRET") },
      });
    expect((await ask("/inbox", (await createClient()).token, on)).status).toBe(200);
    expect((await ask("/api/accounts", (await emailClient()).token, on)).status).toBe(200);
    const { body } = await ask("/health", "", on);
    expect(body).toMatchObject({ status: "healthy", parts: { hub: { status: "degraded" } } });
  },
);
