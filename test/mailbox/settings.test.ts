import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { mailboxOf, newOwner, settingsOf } from "./support/mailbox.ts";

const settings = settingsOf({ port: 1 });
const PASSWORD = "correct horse battery staple";

const accountRow = (owner: ReturnType<typeof newOwner>) =>
  runInDurableObject(mailboxOf(owner) as never, (_, { storage }: DurableObjectState) =>
    storage.sql.exec("SELECT * FROM account").one(),
  );

describe("refusals", () => {
  test("another user of the tenant is NOT_FOUND for every call, and changes nothing", async () => {
    const owner = newOwner();
    const mailbox = mailboxOf(owner);
    await mailbox.configure(owner, settings, { password: PASSWORD });
    const before = await accountRow(owner);
    const other = { ...owner, userId: crypto.randomUUID() };
    const refused = { ok: false, code: "NOT_FOUND" };
    expect(await mailbox.status(other)).toMatchObject(refused);
    expect(await mailbox.configure(other, settings, { password: "stolen" })).toMatchObject(refused);
    expect(await mailbox.close(other)).toMatchObject(refused);
    expect(await accountRow(owner)).toEqual(before);
  });
});
