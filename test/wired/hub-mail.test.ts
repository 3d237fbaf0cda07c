import { env } from "cloudflare:workers";
import PostalMime from "postal-mime";
import { describe, expect, it } from "vitest";
import { createContext } from "../../src/hub/context.ts";
import { type Mail, prepareMail } from "../../src/hub/mail/outbox.ts";
import { repeatMails, sendMail } from "../../src/hub/mail/send.ts";
import { createMailbox, type Fault } from "../mailbox/support/server.ts";
import { hubDb } from "../support/hub-client.ts";
import { silenceLog } from "../support/log-check.ts";

// UzbekHub's outbox, and the script of the mail protocols that sends by SMTP, with nothing in between replaced.

/** An outbox with one mail to somebody, which leaves by a server of its own. */
async function outbox(faults: Omit<Fault, "protocol">[] = [], scheme: "smtp" | "smtps" = "smtp") {
  const [server, somebody] = [await createMailbox({ hasOwnPorts: true }), await createMailbox()];
  for (const fault of faults) await server.plan({ protocol: "smtp", ...fault });
  const login = [server.address, server.password].map(encodeURIComponent).join(":");
  const HUB_SMTP_URL = `${scheme}://${login}@localhost:${server.ports[scheme]}`;
  const bindings = { ...env, HUB_SMTP_URL, HUB_MAIL_FROM: "Hub <no-reply@hub.example>" };
  const ctx = createContext(bindings as unknown as Env, { waitUntil: () => {} });
  const mail: Mail = {
    ...{ to: somebody.address, language: "uz", kind: "signup-code", values: { code: "04217" } },
  };
  const { id, insert } = await prepareMail(ctx, mail);
  await ctx.db.run(insert);
  const row = () =>
    hubDb
      .prepare("SELECT sealed IS NULL AS wiped, attempts FROM hub_mails WHERE id = ?")
      .bind(id)
      .first<{ wiped: number; attempts: number }>();
  return {
    ...{ id, ctx, row },
    send: () => sendMail(ctx, { id }),
    /** Cron, once the mail is due again. */
    async repeat() {
      await hubDb.prepare("UPDATE hub_mails SET due_at = 1 WHERE id = ? AND due_at > 0").bind(id).run();
      await repeatMails(ctx);
    },
    async arrived() {
      const { mails } = await somebody.folder();
      return Promise.all(mails.map(async ({ uid }) => PostalMime.parse(await somebody.raw(uid))));
    },
  };
}

describe("UzbekHub's mail by SMTP", () => {
  it.each(["smtp", "smtps"] as const)("arrives whole by %s, and is wiped", async (scheme) => {
    const { id, send, row, arrived } = await outbox([], scheme);
    await send();
    const [message] = await arrived();
    expect(message).toMatchObject({
      ...{ messageId: `<${id}@hub.example>`, subject: "UzbekHub: tasdiqlash kodi" },
      ...{ from: { name: "Hub", address: "no-reply@hub.example" }, text: expect.stringContaining("04217") },
    });
    expect(await row()).toEqual({ wiped: 1, attempts: 1 });
  });

  it("is given up when its recipient is refused for good", async () => {
    silenceLog();
    const { send, repeat, row, arrived } = await outbox([{ on: "RCPT", answer: "550 5.1.1 No such user" }]);
    await send();
    await repeat();
    expect([await row(), await arrived()]).toEqual([{ wiped: 1, attempts: 1 }, []]);
  });

  it.each<[string, Omit<Fault, "protocol">]>([
    ["no greeting", { on: "CONNECT", answer: "", finally: "close" }],
    ["a login that cannot be checked", { on: "LOGIN", answer: "454 4.7.0 Later" }],
    ["a wrong password", { on: "LOGIN", answer: "535 5.7.8 Wrong" }],
    ["greylisting", { on: "RCPT", answer: "450 4.2.0 Greylisted" }],
    ["a connection that is lost before the mail", { on: "DATA", answer: "", finally: "close" }],
    ["a full disk", { on: ".", answer: "452 4.3.1 Full" }],
  ])("after %s comes with the next try, once", async (_, fault) => {
    silenceLog();
    const { send, repeat, row, arrived } = await outbox([fault]);
    await send();
    expect([await row(), await arrived()]).toEqual([{ wiped: 0, attempts: 1 }, []]);
    await repeat();
    await repeat();
    expect([await row(), (await arrived()).length]).toEqual([{ wiped: 1, attempts: 2 }, 1]);
  });

  it("has one Message-ID, when the answer to the whole mail was lost", async () => {
    silenceLog();
    const lost = { on: ".", isLost: true, finally: "close", times: 0 } as const;
    const { id, send, repeat, row, arrived } = await outbox([lost]);
    await send();
    for (let nth = 0; nth < 4; nth++) await repeat();
    const ids = (await arrived()).map(({ messageId }) => messageId);
    expect(ids).toEqual(Array(3).fill(`<${id}@hub.example>`));
    expect(await row()).toEqual({ wiped: 1, attempts: 3 });
  });
});
