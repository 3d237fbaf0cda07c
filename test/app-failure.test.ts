import { afterAll, beforeAll, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import type { AccountResponse } from "../src/ems/accounts/responses.ts";
import { type Client, connectMailbox, createClient, unique } from "./support/client.ts";
import { db } from "./support/db.ts";

const INTERNAL = { detail: "Internal server error" };
const LEVELS = ["debug", "log", "info", "warn", "error"] as const;

let client: Client;
let account: AccountResponse;
let spies: MockInstance[];

const rename = (from: string, to: string) => db.prepare(`ALTER TABLE ${from} RENAME TO ${to}`).run();

// From here on every query on messages or accounts fails, as after a bad migration.
beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
  await rename("ems_messages", "lost_messages");
});
afterAll(() => rename("lost_messages", "ems_messages"));

beforeEach(() => {
  vi.restoreAllMocks();
  spies = LEVELS.map((level) => vi.spyOn(console, level).mockImplementation(() => {}));
});

const written = (): string => JSON.stringify(spies.flatMap((spy) => spy.mock.calls));

describe("when a query fails", () => {
  it.each([
    ["GET", "/messages"],
    ["GET", "/messages"],
    ["GET", `/messages/${crypto.randomUUID()}`],
    ["GET", `/threads/${crypto.randomUUID()}`],
    ["PATCH", `/inbox/${crypto.randomUUID()}/read`],
    ["GET", `/attachments/message/${crypto.randomUUID()}`],
  ])("%s %s is 500 and reveals nothing else", async (method, path) => {
    const { status, body, headers } = await client.call(method, path, undefined, {
      "x-request-id": "failing",
    });
    expect({ status, body }).toEqual({ status: 500, body: INTERNAL });
    expect(headers.get("x-request-id")).toBe("failing");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("a page of another origin can read the error", async () => {
    const { headers } = await client.call("GET", "/messages", undefined, { origin: "http://localhost:5173" });
    expect(headers.get("access-control-allow-origin")).toBe("http://localhost:5173");
  });

  it("the log has the cause with the request id", async () => {
    await client.call("GET", "/messages", undefined, { "x-request-id": "to-be-found" });
    const line = written();
    expect(line).toContain("to-be-found");
    expect(line).toContain("no such table: ems_messages");
    expect(line).toContain('\\"event\\":\\"request\\"');
  });

  it("a request without such a query still works", async () => {
    expect((await client.call("GET", "/accounts")).status).toBe(200);
  });

  it("the log has no content of the mail that was being sent", async () => {
    const secret = `secret${unique()}`;
    const { status, body } = await client.call("POST", "/messages/send", {
      email_account_id: account.id,
      to: [{ email: `${secret}@out.example`, name: `Name ${secret}` }],
      subject: `Subject ${secret}`,
      body_html: `<p>Html ${secret}</p>`,
      body_text: `Text ${secret}`,
    });
    expect({ status, body }).toEqual({ status: 500, body: INTERNAL });
    expect(written()).toContain('\\"event\\":\\"request\\"');
    expect(written()).not.toContain(secret);
    expect(written()).not.toContain(account.email_address);
  });

  it("the log has no address or name that was being stored", async () => {
    const secret = `secret${unique()}`;
    await rename("ems_accounts", "lost_accounts");
    const create = {
      company_id: account.company_id,
      email_address: `${secret}@demo.example`,
      display_name: secret,
    };
    const created = await client.call("POST", "/accounts", create);
    const renamed = await client.call("PATCH", `/accounts/${account.id}`, { display_name: secret });
    await rename("lost_accounts", "ems_accounts");
    for (const { status, body } of [created, renamed]) {
      expect({ status, body }).toEqual({ status: 500, body: INTERNAL });
    }
    expect(written()).toContain('\\"event\\":\\"request\\"');
    expect(written()).not.toContain(secret);
  });

  it("the log has no part of the token", async () => {
    await client.call("GET", "/messages");
    for (const part of client.token.split(".")) expect(written()).not.toContain(part);
  });
});
