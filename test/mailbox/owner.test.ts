import { expect, test } from "vitest";
import { mailboxOf, newOwner } from "./support/mailbox.ts";

test("a mailbox that was never opened is NOT_FOUND", async () => {
  const owner = newOwner();
  expect(await mailboxOf(owner).status(owner)).toMatchObject({ ok: false });
});
