import { expect, it } from "vitest";
import { holdContract, takeContractFaults } from "../support/email-contract.ts";

/** What is wrong with an answer to a request. */
async function faultsOf(path: string, status: number, body: unknown, method = "GET"): Promise<string[]> {
  const app = { fetch: async (_request: Request) => Response.json(body, { status }) };
  holdContract(app);
  await app.fetch(new Request(`https://xabar.test${path}`, { method }));
  return takeContractFaults();
}

const id = `c${"0".repeat(24)}`;
const folder = {
  id,
  accountId: id,
  name: "INBOX",
  displayName: "Inbox",
  type: "inbox",
  messageCount: 1,
  unreadCount: 0,
};
const error = { error: "Not found", message: "No", code: "NOT_FOUND", timestamp: 1 };

it("every answer of this module is held against the contract, which finds what it does not allow", async () => {
  const path = `/api/${id}/folders`;
  expect(await faultsOf(path, 200, { folders: [folder], total: 1 })).toEqual([]);
  expect(await faultsOf(path, 200, { folders: [{ ...folder, more: 1 }], total: 1 })).toEqual([]);
  const { name: _, ...nameless } = folder;
  for (const wrong of [
    nameless,
    { ...folder, type: "archive" },
    { ...folder, messageCount: "1" },
    { ...folder, syncedAt: null },
  ])
    expect(await faultsOf(path, 200, { folders: [wrong], total: 1 }), JSON.stringify(wrong)).not.toEqual([]);
  expect(await faultsOf(path, 200, { folders: [{ ...folder, parentId: null }], total: 1 })).toEqual([]);
  expect(await faultsOf(path, 201, {})).toEqual([expect.stringContaining("the contract has no such status")]);
});

it("errors have the contract's shape on every path", async () => {
  expect(await faultsOf("/api/nothing", 404, error)).toEqual([]);
  expect(await faultsOf("/api/nothing", 404, { detail: "Not found" })).not.toEqual([]);
  expect(await faultsOf("/api/nothing", 404, { ...error, timestamp: "now" })).not.toEqual([]);
});

it("addresses and ids have the contract's formats", async () => {
  const account = {
    ...{
      id,
      tenantId: crypto.randomUUID(),
      userId: crypto.randomUUID(),
      accountName: "A",
      emailAddress: "a@b.example",
    },
    ...{
      protocol: "imap",
      hostname: "h",
      port: 993,
      encryption: "tls",
      isSyncEnabled: true,
      syncInterval: 300,
    },
    ...{ isEnabled: true, createdAt: 1, updatedAt: 1, lastSyncAt: null },
  };
  expect(await faultsOf(`/api/accounts/${id}`, 200, account)).toEqual([]);
  for (const wrong of [{ tenantId: "acme" }, { emailAddress: "nobody" }, { lastSyncAt: "now" }])
    expect(await faultsOf(`/api/accounts/${id}`, 200, { ...account, ...wrong })).not.toEqual([]);
});
