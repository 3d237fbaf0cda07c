import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { bindings, mailboxOf, newOwner, settingsOf } from "./support/mailbox.ts";

test("an erased mailbox has no row, no file and no alarm left, and a stranger cannot erase it", async () => {
  const owner = newOwner();
  const mailbox = mailboxOf(owner);
  await mailbox.configure(owner, settingsOf({ port: 1 }), { password: "a password" });
  await mailbox.close(owner);
  const key = `mail/${owner.accountId}/uploads/1`;
  await bindings.ATTACHMENTS.put(key, "bytes");
  expect(await mailbox.erase({ ...newOwner(), accountId: owner.accountId })).toMatchObject({
    code: "NOT_FOUND",
  });
  expect(await mailbox.status(owner)).toMatchObject({ ok: true });
  expect(await mailbox.erase(owner)).toEqual({ ok: true });
  expect(await bindings.ATTACHMENTS.head(key)).toBeNull();
  expect(await mailbox.status(owner), "nobody's").toMatchObject({ code: "NOT_FOUND" });
  const left = await runInDurableObject(mailbox, async (_, { storage }) => [
    storage.sql.exec("SELECT count(*) AS n FROM account").one().n,
    await storage.getAlarm(),
  ]);
  expect(left).toEqual([0, null]);
});
