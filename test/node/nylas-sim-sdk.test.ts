import Nylas, { NylasApiError, NylasSdkTimeoutError } from "nylas";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Served } from "../../dev/nylas/server.ts";
import { serve } from "../../dev/nylas/server.ts";
import { folderIdFor } from "../../dev/nylas/store/system-folders.ts";
import type { Harness } from "./nylas-sim-harness.ts";
import { API_KEY, startSim } from "./nylas-sim-harness.ts";

/** The official Nylas SDK against the stand-in on a port. */
let harness: Harness;
let served: Served;
let nylas: Nylas;
let grantId: string;

beforeAll(async () => {
  harness = startSim();
  served = await serve(harness.sim, { port: 0 });
  nylas = clientWith(API_KEY);
});

afterAll(() => served.close());

beforeEach(async () => {
  await harness.control("POST", "/reset");
  grantId = harness.sim.addGrant({ email: "team@app.example", provider: "microsoft" }).id;
});

const idOf = (role: string) => folderIdFor({ id: grantId, provider: "microsoft" }, role);

function clientWith(apiKey: string): Nylas {
  return new Nylas({ apiKey, apiUri: `http://127.0.0.1:${served.port}` });
}

async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail("resolved"),
    (error) => error,
  );
}

const mail = { to: [{ email: "x@elsewhere.example" }], subject: "Salom", body: "<p>Salom</p>" };
const file = { filename: "reja.txt", contentType: "text/plain" };

describe("errors", () => {
  test("a wrong key is a NylasApiError with the status and the type", async () => {
    const error = await failure(clientWith("wrong").grants.find({ grantId }));
    expect(error).toBeInstanceOf(NylasApiError);
    expect(error).toMatchObject({ statusCode: 401, type: "unauthorized" });
  });

  test("an unknown message is a 404", async () => {
    const error = await failure(nylas.messages.find({ identifier: grantId, messageId: "nothing" }));
    expect(error).toMatchObject({ statusCode: 404, type: "not_found_error" });
  });

  test("a 429 of the provider carries Retry-After and the provider's own error", async () => {
    await harness.control("POST", "/fault", { route: "GET /messages", kind: "429-provider", retryAfter: 3 });
    const error = await failure(nylas.messages.list({ identifier: grantId }));
    expect(error).toMatchObject({ statusCode: 429, headers: { "retry-after": "3" } });
    expect((error as NylasApiError).providerError).toMatchObject({ error: { code: 429 } });
  });

  test("an HTML response of a gateway is not a NylasApiError", async () => {
    await harness.control("POST", "/fault", { route: "GET /messages", kind: "502html" });
    const error = await failure(nylas.messages.list({ identifier: grantId }));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(NylasApiError);
  });

  test("a missing response is a NylasSdkTimeoutError", async () => {
    await harness.control("POST", "/fault", { route: "GET /messages", kind: "hang" });
    const error = await failure(nylas.messages.list({ identifier: grantId, overrides: { timeout: 1000 } }));
    expect(error).toBeInstanceOf(NylasSdkTimeoutError);
  });
});

describe("messages", () => {
  test("are found by an id with / + and =, and listed page by page", async () => {
    for (const subject of ["one", "two", "three"]) {
      harness.sim.inbound({ from: mail.to[0]!, to: [{ email: "team@app.example" }], subject, html: "x" });
    }
    const first = await nylas.messages.list({ identifier: grantId, queryParams: { limit: 3 } });
    expect(first.data.map((message) => message.subject)).toEqual(["three", "two", "one"]);
    const messageId = first.data[0]!.id;
    expect(messageId).toMatch(/\/.*\+.*=$/);
    const { data } = await nylas.messages.find({ identifier: grantId, messageId });
    expect(data).toMatchObject({ id: messageId, subject: "three", unread: true });

    const requestBody = { unread: false };
    const updated = await nylas.messages.update({ identifier: grantId, messageId, requestBody });
    expect(updated.data.unread).toBe(false);
    await nylas.messages.destroy({ identifier: grantId, messageId });
    expect((await nylas.messages.find({ identifier: grantId, messageId })).data.folders).toEqual([
      idOf("TRASH"),
    ]);
  });

  test("are sent once under one Idempotency-Key", async () => {
    const content = Buffer.from("reja").toString("base64");
    const requestBody = { ...mail, attachments: [{ ...file, content, size: 4 }] };
    const overrides = { headers: { "Idempotency-Key": "k" } };
    const first = await nylas.messages.send({ identifier: grantId, requestBody, overrides });
    const again = await nylas.messages.send({ identifier: grantId, requestBody, overrides });
    expect(again.data.id).toBe(first.data.id);
    expect(first.data.attachments).toMatchObject([{ filename: "reja.txt", size: 4 }]);
  });

  test("of more than 3 MB go as multipart, and their files can be downloaded", async () => {
    const content = Buffer.alloc(4 * 1024 * 1024, "reja");
    const requestBody = { ...mail, attachments: [{ ...file, content, size: content.byteLength }] };
    const { data } = await nylas.messages.send({ identifier: grantId, requestBody });
    const [attachment] = data.attachments!;
    expect(attachment).toMatchObject({ filename: "reja.txt", contentType: "text/plain" });

    const which = { identifier: grantId, attachmentId: attachment!.id };
    const queryParams = { messageId: data.id };
    expect(attachment!.size).toBe(content.byteLength);
    const bytes = await nylas.attachments.downloadBytes({ ...which, queryParams });
    expect(content.equals(bytes)).toBe(true);
  });
});

describe("grants, folders and webhooks", () => {
  test("a grant is found until it is destroyed", async () => {
    expect((await nylas.grants.find({ grantId })).data).toMatchObject({ grantStatus: "valid" });
    await nylas.grants.destroy({ grantId });
    expect(await failure(nylas.grants.find({ grantId }))).toMatchObject({ statusCode: 404 });
  });

  test("a code with a challenge can be exchanged for a grant once", async () => {
    const client = { clientId: "client", redirectUri: "https://app.example/callback" };
    const { url, secret } = nylas.auth.urlForOAuth2PKCE({ ...client, provider: "google" });
    const consent = await fetch(`${url}&sim_auto=oauth@app.example`, { redirect: "manual" });
    const code = new URL(consent.headers.get("location")!).searchParams.get("code")!;
    const exchange = () => nylas.auth.exchangeCodeForToken({ ...client, code, codeVerifier: secret });
    expect(await exchange()).toMatchObject({ email: "oauth@app.example", tokenType: "Bearer" });
    expect(await failure(exchange())).toMatchObject({ statusCode: 400, error: "invalid_grant" });
  });

  test("folders are listed", async () => {
    const { data } = await nylas.folders.list({ identifier: grantId });
    expect(data.map(({ id, attributes }) => ({ id, attributes }))).toContainEqual({
      id: idOf("INBOX"),
      attributes: ["\\Inbox"],
    });
  });

  test("a webhook is created, rotated and destroyed", async () => {
    harness.endpoint((request) => new Response(new URL(request.url).searchParams.get("challenge")));
    const triggerTypes = ["message.created" as never];
    const requestBody = { triggerTypes, webhookUrl: "https://app.example/other" };
    const created = (await nylas.webhooks.create({ requestBody })).data;
    const rotated = (await nylas.webhooks.rotateSecret({ webhookId: created.id })).data;
    expect(rotated.webhookSecret).not.toBe(created.webhookSecret);
    await nylas.webhooks.destroy({ webhookId: created.id });
    expect((await nylas.webhooks.list()).data).toHaveLength(1);
  });
});
