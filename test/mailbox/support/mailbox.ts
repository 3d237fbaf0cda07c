import { env } from "cloudflare:workers";
import { cuid } from "../../../src/lib/cuid.ts";
import type { MailboxApi, MailboxSettings, Owner } from "../../../src/mailbox/contract.ts";
import type { MailboxEnv } from "../../../src/mailbox/env.ts";

/** The bindings of the script under test. */
export const bindings = env as unknown as MailboxEnv & {
  MAILBOX: DurableObjectNamespace<MailboxApi>;
};

/** An owner whom no other test has. */
export const newOwner = (): Owner => ({
  accountId: cuid(),
  tenantId: crypto.randomUUID(),
  userId: crypto.randomUUID(),
});

/** The mailbox of an owner. */
export const mailboxOf = ({ accountId }: Owner) => bindings.MAILBOX.getByName(accountId);

/** Settings of an account on a server, with any changes. */
export const settingsOf = (changes: Partial<MailboxSettings> & { port: number }): MailboxSettings => {
  const { port, ...rest } = changes;
  return {
    emailAddress: "sardor@demo.example",
    accountName: "Sardor",
    protocol: "imap",
    incoming: { hostname: "localhost", port, encryption: "none", username: "sardor@demo.example" },
    smtp: {},
    login: { type: "password" },
    isSyncEnabled: true,
    syncInterval: 300,
    isEnabled: true,
    ...rest,
  };
};
