import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { createPerson } from "../support/hub-client.ts";

/** Searches with other limits. */
async function search(token: string, limits: unknown) {
  const execution = createExecutionContext();
  const url = "https://xabar.test/api/accounts/account/search/aziza/";
  const request = new Request(url, { headers: { authorization: `Bearer ${token}` } });
  const response = await app.fetch(request, { ...env, HUB_LIMITS: limits } as Env, execution);
  const body = await response.json<Record<string, unknown>>();
  await waitOnExecutionContext(execution);
  return { status: response.status, body };
}

describe("HUB_LIMITS", () => {
  it.each([
    ["no JSON", "profile_search"],
    ["a limit without seconds", '{"profile_search": [1]}'],
    ["a limit with a third number", '{"profile_search": [1, 60, 60]}'],
    ["a limit of nothing", '{"profile_search": [0, 60]}'],
    ["a limit in words", '{"profile_search": ["1", "60"]}'],
  ])("with %s is an error of ours, and limits nothing", async (_name, limits) => {
    const { token } = await createPerson();
    expect(await search(token, limits)).toMatchObject({ status: 500 });
  });

  it.each([
    ["as JSON", '{"profile_search": [2, 60]}'],
    ["as an object", { profile_search: [2, 60] }],
  ])("%s changes a limit by name", async (_name, limits) => {
    const { token } = await createPerson();
    const statuses: number[] = [];
    for (let count = 0; count < 3; count++) statuses.push((await search(token, limits)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it("leaves the others as they are", async () => {
    const { token } = await createPerson();
    const limits = '{"signup": [1, 60]}';
    for (let count = 0; count < 3; count++) expect((await search(token, limits)).status).toBe(200);
  });
});
