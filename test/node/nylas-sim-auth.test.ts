import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Harness } from "./nylas-sim-harness.ts";
import { API_KEY, startSim, startWithGrant, TEAM } from "./nylas-sim-harness.ts";

const REDIRECT = "https://app.example/callback";
const CLIENT = { client_id: "client", redirect_uri: REDIRECT };

/** The steps of a client and its user to connect a mailbox. */
function hostedAuth({ sim, api }: Harness) {
  const consent = async (query: Record<string, string> = {}) => {
    const all = { ...CLIENT, response_type: "code", sim_auto: TEAM.email, ...query };
    return sim.fetch(new Request(`https://api.us.nylas.com/v3/connect/auth?${new URLSearchParams(all)}`));
  };
  return {
    consent,
    code: async (query: Record<string, string> = {}): Promise<string> => {
      const location = (await consent(query)).headers.get("location")!;
      return new URL(location).searchParams.get("code")!;
    },
    exchange: (code: string, more: object = {}) => {
      const body = { ...CLIENT, client_secret: API_KEY, grant_type: "authorization_code", code, ...more };
      return api("POST", "/v3/connect/token", body, { authorization: "" });
    },
  };
}

function start() {
  const harness = startSim();
  return { ...harness, ...hostedAuth(harness) };
}

describe("consent is rejected", () => {
  test.each([
    ["without a place to return to", { redirect_uri: "" }],
    ["for anything but a code", { response_type: "token" }],
    ["with a state over 256 characters", { state: "x".repeat(257) }],
    ["at an unknown provider", { provider: "pigeon" }],
  ])("%s", async (_, query) => {
    expect((await start().consent(query)).status).toBe(400);
  });

  test("by the user: the client is told, and gets its state back", async () => {
    const answer = await start().consent({ sim_error: "oauth_failed", state: "s" });
    const { origin, pathname, searchParams } = new URL(answer.headers.get("location")!);
    expect([answer.status, origin + pathname]).toEqual([302, REDIRECT]);
    const told = { error: "oauth_failed", error_code: "45002", state: "s" };
    expect(Object.fromEntries(searchParams)).toMatchObject(told);
    expect(searchParams.has("code")).toBe(false);
  });
});

describe("a code is rejected", () => {
  test.each([
    ["that is unknown", {}, { code: "nothing" }],
    ["with another client_id", {}, { client_id: "other" }],
    ["with another redirect_uri", {}, { redirect_uri: "https://app.example/other" }],
    ["with another secret", {}, { client_secret: "other" }],
    ["without the verifier of its challenge", { code_challenge: "c" }, {}],
    ["with another verifier", { code_challenge: "c" }, { code_verifier: "d" }],
    ["for another grant_type", {}, { grant_type: "password" }],
  ])("%s, with an OAuth error", async (_, query, more) => {
    const { code, exchange, control } = start();
    const { status, body } = await exchange(await code(query), more);
    expect(status).toBe(400);
    expect(Object.keys(body).sort()).toEqual(["error", "error_code", "error_description", "error_uri"]);
    expect((await control("GET", "/state")).body.grants).toEqual([]);
  });

  test("a second time, and after ten minutes", async () => {
    const { code, exchange, advance } = start();
    const used = await code();
    expect((await exchange(used)).status).toBe(200);
    expect((await exchange(used)).body.error).toBe("invalid_grant");
    const old = await code();
    await advance(600);
    expect((await exchange(old)).status).toBe(400);
  });
});

describe("a code becomes a grant", () => {
  test("which is announced, with the requested tokens", async () => {
    const { sim, code, exchange, delivered } = start();
    const { body } = await exchange(await code({ access_type: "offline", provider: "microsoft" }));
    expect(body).toMatchObject({ email: TEAM.email, provider: "microsoft", token_type: "Bearer" });
    expect(body).toMatchObject({ expires_in: 3600, refresh_token: expect.any(String) });
    expect((await exchange(await code())).body).not.toHaveProperty("refresh_token");
    await sim.tick();
    expect(delivered[0]!.json).toMatchObject({
      type: "grant.created",
      data: { object: { grant_id: body.grant_id } },
    });
  });

  test("the existing one, valid again, if the address has one", async () => {
    const harness = startWithGrant();
    const { code, exchange } = hostedAuth(harness);
    const { control, api, grant } = harness;
    await control("POST", `/grants/${grant.id}/expire`);
    expect((await exchange(await code())).body.grant_id).toBe(grant.id);
    expect((await api("GET", `/v3/grants/${grant.id}`)).body.data.grant_status).toBe("valid");
  });

  test.each([
    ["plain", "verifier"],
    ["S256", createHash("sha256").update("verifier").digest("base64url")],
  ])("with the verifier of its challenge (%s)", async (code_challenge_method, code_challenge) => {
    const { code, exchange } = start();
    const given = await code({ code_challenge, code_challenge_method });
    expect((await exchange(given, { code_verifier: "verifier" })).status).toBe(200);
  });
});

test("the consent page has the wanted provider selected, or lets the user choose", async () => {
  const { consent } = start();
  const page = await (await consent({ sim_auto: "", provider: "yahoo" })).text();
  expect(page.match(/<option [^>]*>\w+/g)).toHaveLength(6);
  expect(page.match(/<option selected>\w+/g)).toEqual(["<option selected>yahoo"]);
  expect(await (await consent({ sim_auto: "" })).text()).not.toContain("<option selected>");
});

test("the consent page asks for the mailbox, and escapes and returns its parameters", async () => {
  const answer = await start().consent({ sim_auto: "", state: '"><script>', login_hint: "hint@app.example" });
  const page = await answer.text();
  expect(answer.headers.get("content-type")).toContain("text/html");
  expect(page).toContain('value="hint@app.example"');
  expect(page).toContain('name="client_id" value="client"');
  expect(page).not.toContain("<script>");
});
