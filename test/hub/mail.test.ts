import { env } from "cloudflare:workers";
import fc from "fast-check";
import PostalMime from "postal-mime";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createContext } from "../../src/hub/context.ts";
import { compose } from "../../src/hub/mail/compose.ts";
import { type Mail, type MailKind, prepareMail } from "../../src/hub/mail/outbox.ts";
import { unseal } from "../../src/hub/mail/seal.ts";
import { giveUpMails, removeOldMails, repeatMails, sendMail } from "../../src/hub/mail/send.ts";
import { textOf } from "../../src/hub/mail/texts.ts";
import type { Outcome, RefusalCode } from "../../src/mailbox/contract.ts";
import { unique } from "../support/client.ts";
import { hubContext, hubDb } from "../support/hub-client.ts";
import { lastMailTo } from "../support/hub-mail.ts";
import { silenceLog } from "../support/log-check.ts";

const DAY = 24 * 3600_000;

const aMail = (changes: Partial<Mail> = {}): Mail => ({
  to: `mail${unique()}@hub.example`,
  language: "uz",
  kind: "signup-code",
  values: { code: "04217" },
  ...changes,
});

/** Stores a mail without a job. */
async function store(mail: Mail, ageMs = 0): Promise<string> {
  const { id, insert } = await prepareMail(hubContext(), mail);
  await hubContext().db.run(insert);
  await hubDb.prepare("UPDATE hub_mails SET created_at = created_at - ? WHERE id = ?").bind(ageMs, id).run();
  return id;
}

const rowOf = (id: string) =>
  hubDb
    .prepare("SELECT sealed, attempts, due_at FROM hub_mails WHERE id = ?")
    .bind(id)
    .first<{ sealed: string | null; attempts: number; due_at: number | null }>();

/** Ends the wait of a mail that is to be tried again. */
const makeDue = (id: string) =>
  hubDb.prepare("UPDATE hub_mails SET due_at = 1 WHERE id = ? AND due_at > 0").bind(id).run();

const setDue = (id: string) => hubDb.prepare("UPDATE hub_mails SET due_at = 1 WHERE id = ?").bind(id).run();

interface Sent {
  from: string;
  to: string;
}

/** A context with the binding EMAIL, or with vars. */
function contextWith(changes: object) {
  const jobs: { body: unknown; delaySeconds?: number }[] = [];
  const HUB_JOBS = {
    send: async (body: unknown, options = {}) => void jobs.push({ body, ...options }),
  };
  const ctx = createContext({ ...env, HUB_JOBS, ...changes } as unknown as Env, { waitUntil: () => {} });
  return { ctx, jobs };
}

function binding(fails: () => Error | null = () => null) {
  const sent: Sent[] = [];
  const EMAIL = {
    send: async (mail: Sent) => {
      const error = fails();
      if (error) throw error;
      sent.push(mail);
      return { messageId: "1" };
    },
  };
  return { EMAIL, sent };
}

/** Takes what is posted to HUB_MAIL_URL. */
function postbox(status = 200) {
  const raws: string[] = [];
  const types: (string | null)[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as string, init);
    types.push(request.headers.get("content-type"));
    raws.push(new TextDecoder().decode(await request.arrayBuffer()));
    return new Response(null, { status });
  });
  return { raws, types };
}

/** A mailbox script that answers each mail with an outcome. */
function relays(...outcomes: Outcome<object>[]) {
  const calls: unknown[][] = [];
  const relay = async (...args: unknown[]) => {
    calls.push(args);
    return outcomes.shift() ?? { ok: true };
  };
  const names: string[] = [];
  const getByName = (name: string) => {
    names.push(name);
    return { relay };
  };
  return { bindings: { HUB_SMTP_URL: SMTP_URL, MAILBOX: { getByName } }, calls, names };
}

const refusal = (code: RefusalCode, reply?: string): Outcome<object> => ({
  ...{ ok: false, code, message: "Words of a server about a@hub.example" },
  ...(reply === undefined ? {} : { reply }),
});

const SMTP_URL = "smtps://no-reply%40hub.example:p%3Aa%25s@smtp.hub.example";

const URL_VARS = { HUB_MAIL_URL: "https://mail.test/", HUB_MAIL_FROM: "Ўзбек «Хаб» <no-reply@hub.example>" };

afterEach(async () => {
  vi.restoreAllMocks();
  await hubDb.exec("DELETE FROM hub_mails");
});

describe("in the outbox", () => {
  it("nothing of a mail can be read in the database", async () => {
    const mail = aMail({ kind: "reset-link", values: { link: "https://xabar.test/secret-link" } });
    const id = await store(mail);
    const { sealed } = (await rowOf(id))!;
    const stored = `${sealed} ${atob(sealed!)}`;
    for (const part of [mail.to, "hub.example", "secret-link", "reset"]) expect(stored).not.toContain(part);
    expect(await lastMailTo(mail.to)).toEqual(mail);
  });

  it("the same mail is sealed differently each time", async () => {
    const mail = aMail();
    const [one, two] = [await store(mail), await store(mail)];
    expect((await rowOf(one))!.sealed).not.toBe((await rowOf(two))!.sealed);
  });

  it("a sealed mail opens neither in another row, nor with another secret, nor changed", async () => {
    const id = await store(aMail());
    const { sealed } = (await rowOf(id))!;
    const ctx = hubContext();
    await expect(unseal(ctx, crypto.randomUUID(), sealed!)).rejects.toThrow();
    const other = { ...ctx, config: { ...ctx.config, HUB_JWT_SECRET: "another" } };
    await expect(unseal(other, id, sealed!)).rejects.toThrow();
    const changed = `${sealed!.startsWith("A") ? "B" : "A"}${sealed!.slice(1)}`;
    await expect(unseal(ctx, id, changed)).rejects.toThrow();
  });
});

describe("a mail that is sent", () => {
  it("goes by the binding EMAIL, with the sender's bare address, and is wiped", async () => {
    const { EMAIL, sent } = binding();
    const mail = aMail();
    const id = await store(mail);
    await sendMail(contextWith({ EMAIL, HUB_MAIL_FROM: "Hub <no-reply@hub.example>" }).ctx, { id });
    expect(sent).toMatchObject([{ from: "no-reply@hub.example", to: mail.to }]);
    expect(await rowOf(id)).toEqual({ sealed: null, attempts: 1, due_at: null });
  });

  it("goes to HUB_MAIL_URL as message/rfc822 without the binding", async () => {
    const { raws, types } = postbox();
    const mail = aMail();
    const id = await store(mail);
    await sendMail(contextWith(URL_VARS).ctx, { id });
    expect(types).toEqual(["message/rfc822"]);
    expect((await PostalMime.parse(raws[0]!)).to).toMatchObject([{ address: mail.to }]);
    expect(await rowOf(id)).toMatchObject({ sealed: null, due_at: null });
  });

  it("is sent once, when its job comes twice and at the same moment", async () => {
    const { EMAIL, sent } = binding();
    const { ctx } = contextWith({ EMAIL });
    const id = await store(aMail());
    await Promise.all([sendMail(ctx, { id }), sendMail(ctx, { id }), repeatMails(ctx)]);
    await sendMail(ctx, { id });
    expect(sent).toHaveLength(1);
  });

  it("has the same bytes when it is sent again, because the first wiping failed", async () => {
    const { raws } = postbox();
    const { ctx } = contextWith(URL_VARS);
    const id = await store(aMail());
    const broken = { ...ctx, db: { ...ctx.db, run: () => Promise.reject(new Error("D1 is down")) } };
    await expect(sendMail(broken, { id })).rejects.toThrow("D1 is down");
    expect((await rowOf(id))!.due_at).toBeGreaterThan(Date.now());
    await setDue(id);
    await repeatMails(ctx);
    expect(raws).toHaveLength(2);
    expect(raws[0]).toBe(raws[1]);
    expect((await PostalMime.parse(raws[0]!)).messageId).toBe(`<${id}@hub.example>`);
  });

  it("a job for a row that is gone does nothing", async () => {
    const { EMAIL, sent } = binding();
    await sendMail(contextWith({ EMAIL }).ctx, { id: crypto.randomUUID() });
    expect(sent).toEqual([]);
  });
});

describe("by SMTP", () => {
  it("a mail goes to the server of the URL, before any other way, from one object for all", async () => {
    const { EMAIL, sent } = binding();
    const { raws } = postbox();
    const { bindings, calls, names } = relays();
    const mail = aMail();
    const id = await store(mail);
    await sendMail(contextWith({ EMAIL, ...URL_VARS, ...bindings }).ctx, { id });
    const server = {
      ...{ hostname: "smtp.hub.example", port: 465, encryption: "tls" },
      ...{ username: "no-reply@hub.example", password: "p:a%s" },
    };
    const composed = { from: "no-reply@hub.example", to: mail.to, raw: expect.stringContaining(id) };
    expect([calls, names]).toEqual([[[server, composed]], ["hub"]]);
    expect([sent, raws]).toEqual([[], []]);
    expect(await rowOf(id)).toEqual({ sealed: null, attempts: 1, due_at: null });
  });

  it.each([
    ["smtp://user:word@smtp.hub.example", { port: 587, encryption: "starttls" }],
    ["smtp://user:word@smtp.hub.example:2587/", { port: 2587, encryption: "starttls" }],
    ["smtps://user:word@smtp.hub.example:2465", { port: 2465, encryption: "tls" }],
  ])("%s", (HUB_SMTP_URL, server) => {
    const { config } = contextWith({ HUB_SMTP_URL }).ctx;
    expect(config.HUB_SMTP_URL).toMatchObject({ username: "user", password: "word", ...server });
  });

  it.each([
    "smtp.hub.example:465",
    "https://user:pass-word@smtp.hub.example",
    "smtps://smtp.hub.example",
    "smtps://user@smtp.hub.example",
    "smtps://user:pass-word@",
    "smtps://user:pass-word%@smtp.hub.example",
    "smtps://user:pass-word@smtp.hub.example:port",
  ])("%s is refused, and its password is not told", (HUB_SMTP_URL) => {
    const refused = () => contextWith({ HUB_SMTP_URL });
    expect(refused).toThrow("HUB_SMTP_URL");
    expect(refused).not.toThrow("pass-word");
  });

  it("a refusal for good ends the mail, and is logged with the numbers alone", async () => {
    const lines: string[] = [];
    silenceLog();
    vi.spyOn(console, "error").mockImplementation((line) => void lines.push(line));
    const { bindings, calls } = relays(refusal("SEND_REFUSED", "550 5.1.1"));
    const { ctx, jobs } = contextWith(bindings);
    const id = await store(aMail());
    await sendMail(ctx, { id });
    await sendMail(ctx, { id });
    expect([calls.length, jobs, await rowOf(id)]).toEqual([
      ...[1, [], { sealed: null, attempts: 1, due_at: null }],
    ]);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ event: "hub.mail_given_up", message: id, attempts: 1 });
    expect(lines[0]).toContain("SEND_REFUSED, 550 5.1.1");
    expect(lines[0]).not.toContain("Words");
  });

  it.each<RefusalCode>([
    ...(["THROTTLED", "CONNECTION_FAILED", "TLS_UNTRUSTED", "PROTOCOL_MISMATCH"] as const),
    ...(["AUTHENTICATION_FAILED", "INVALID"] as const),
  ])("after %s the mail is tried again until it is sent", async (code) => {
    silenceLog();
    const { bindings, calls } = relays(...Array(5).fill(refusal(code)));
    const { ctx, jobs } = contextWith(bindings);
    const id = await store(aMail());
    for (let nth = 0; nth < 6; nth++) {
      await setDue(id);
      await sendMail(ctx, { id });
    }
    expect([calls.length, jobs.length]).toEqual([6, 5]);
    expect(await rowOf(id)).toMatchObject({ sealed: null });
  });

  it("a mail whose answer was lost is sent again with the same bytes, up to the third try", async () => {
    silenceLog();
    const { bindings, calls } = relays(...Array(9).fill(refusal("SEND_UNKNOWN")));
    const { ctx, jobs } = contextWith(bindings);
    const id = await store(aMail());
    for (let nth = 0; nth < 5; nth++) {
      await makeDue(id);
      await sendMail(ctx, { id });
    }
    expect([calls.length, jobs.length]).toEqual([3, 2]);
    expect(new Set(calls.map(([, mail]) => JSON.stringify(mail))).size).toBe(1);
    expect(await rowOf(id)).toEqual({ sealed: null, attempts: 3, due_at: null });
  });

  it("whatever the tries end with, each job coming twice: none comes after success or a refusal", async () => {
    silenceLog();
    const code = fc.constantFrom("sent", "SEND_REFUSED", "SEND_UNKNOWN", "THROTTLED", "CONNECTION_FAILED");
    await fc.assert(
      fc.asyncProperty(fc.array(code, { minLength: 1, maxLength: 6 }), async (codes) => {
        const outcomes = codes.map((each) =>
          each === "sent" ? { ok: true as const } : refusal(each as RefusalCode),
        );
        const { bindings, calls } = relays(...outcomes);
        const { ctx } = contextWith(bindings);
        const id = await store(aMail());
        for (const _ of codes) {
          await makeDue(id);
          await Promise.all([sendMail(ctx, { id }), sendMail(ctx, { id })]);
        }
        const end = codes.findIndex(
          (each, nth) => each === "sent" || each === "SEND_REFUSED" || (each === "SEND_UNKNOWN" && nth >= 2),
        );
        const { sealed, attempts } = (await rowOf(id))!;
        expect([sealed === null, attempts, calls.length]).toEqual(
          end < 0 ? [false, codes.length, codes.length] : [true, end + 1, end + 1],
        );
      }),
      { numRuns: 15 },
    );
  });

  it("without the script of the mailboxes, or while it throws, the mail waits", async () => {
    silenceLog();
    const id = await store(aMail());
    const getByName = () => ({ relay: () => Promise.reject(new Error("no such Worker")) });
    for (const MAILBOX of [undefined, { getByName }]) {
      await setDue(id);
      await sendMail(contextWith({ HUB_SMTP_URL: SMTP_URL, MAILBOX }).ctx, { id });
    }
    expect(await rowOf(id)).toMatchObject({ sealed: expect.any(String), attempts: 2 });
  });
});

describe("a mail that cannot be sent", () => {
  it("stays due without a way to send, and cron says so once a run without an address", async () => {
    const lines: string[] = [];
    silenceLog();
    vi.spyOn(console, "error").mockImplementation((line) => void lines.push(line));
    const { ctx } = contextWith({});
    const ids = [await store(aMail()), await store(aMail())];
    await sendMail(ctx, { id: ids[0]! });
    expect(await repeatMails(ctx)).toBe(0);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("hub.mail_unsent");
    expect(lines[0]).not.toContain("@");
    for (const id of ids) expect(await rowOf(id)).toMatchObject({ sealed: expect.any(String), attempts: 0 });
  });

  it("is tried again after waits that double up to an hour, by a job for then", async () => {
    silenceLog();
    const { EMAIL } = binding(() => new Error("refused for someone@hub.example"));
    const { ctx, jobs } = contextWith({ EMAIL });
    const id = await store(aMail());
    const waits: number[] = [];
    for (let nth = 0; nth < 9; nth++) {
      await setDue(id);
      await sendMail(ctx, { id });
      waits.push(Math.round(((await rowOf(id))!.due_at! - Date.now()) / 60_000));
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(jobs.map(({ body }) => body)).toEqual(waits.map(() => ({ type: "mail", id })));
    expect(jobs[0]!.delaySeconds).toBeGreaterThan(55);
    expect((await rowOf(id))!.attempts).toBe(9);
  });

  it("is not sent before it is due", async () => {
    silenceLog();
    let fails = true;
    const { EMAIL, sent } = binding(() => (fails ? new Error("refused") : null));
    const { ctx } = contextWith({ EMAIL });
    const id = await store(aMail());
    await sendMail(ctx, { id });
    fails = false;
    await sendMail(ctx, { id });
    expect(sent).toEqual([]);
    await setDue(id);
    expect(await repeatMails(ctx)).toBe(1);
    expect(sent).toHaveLength(1);
  });

  it("an answer of HUB_MAIL_URL that is no success keeps the mail", async () => {
    silenceLog();
    postbox(503);
    const id = await store(aMail());
    await sendMail(contextWith(URL_VARS).ctx, { id });
    expect(await rowOf(id)).toMatchObject({ sealed: expect.any(String), attempts: 1 });
  });

  it("a failing queue loses nothing: cron finds the mail", async () => {
    silenceLog();
    let fails = true;
    const { EMAIL, sent } = binding(() => (fails ? new Error("refused") : null));
    const HUB_JOBS = { send: () => Promise.reject(new Error("queue is down")) };
    const { ctx } = contextWith({ EMAIL, HUB_JOBS });
    const id = await store(aMail());
    await sendMail(ctx, { id });
    fails = false;
    await setDue(id);
    await repeatMails(ctx);
    expect(sent).toHaveLength(1);
  });

  it("is given up and wiped after a day", async () => {
    silenceLog();
    const { EMAIL, sent } = binding();
    const { ctx } = contextWith({ EMAIL });
    const [old, young] = [await store(aMail(), DAY + 1000), await store(aMail(), DAY - 60_000)];
    await sendMail(ctx, { id: old });
    expect(sent).toEqual([]);
    expect(await giveUpMails(ctx)).toBe(1);
    expect(await giveUpMails(ctx)).toBe(0);
    expect(await rowOf(old)).toMatchObject({ sealed: null, due_at: null });
    expect(await rowOf(young)).toMatchObject({ sealed: expect.any(String) });
  });
});

it("rows go after a week", async () => {
  const [old, young] = [await store(aMail(), 7 * DAY + 1000), await store(aMail(), 6 * DAY)];
  expect(await removeOldMails(hubContext())).toBe(1);
  expect(await rowOf(old)).toBeNull();
  expect(await rowOf(young)).not.toBeNull();
});

describe("the message", () => {
  const kinds: MailKind[] = ["signup-code", "reset-link", "email-code", "delete-code", "password-changed"];
  const languages = ["uz", "ru", "en"] as const;

  it.each(kinds.flatMap((kind) => languages.map((language) => ({ kind, language }))))(
    "%o says the value in text and HTML, under a subject that decodes",
    async ({ kind, language }) => {
      const value = kind.endsWith("code") ? "00317" : "https://hub.example/reset/Ab-_9/?a=1&b=2";
      const { raw } = compose({
        ...{ id: crypto.randomUUID(), from: URL_VARS.HUB_MAIL_FROM, to: "a@hub.example", language },
        ...{ text: textOf(kind, language), value, date: Date.UTC(2026, 0, 2, 3, 4, 5) },
      });
      expect(raw).toMatch(/^[\x20-\x7e\r\n]*$/);
      expect(raw.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
      for (const line of raw.split("\r\n")) expect(line.length).toBeLessThanOrEqual(78);
      const message = await PostalMime.parse(raw);
      expect(message).toMatchObject({
        subject: textOf(kind, language).subject,
        from: { name: "Ўзбек «Хаб»", address: "no-reply@hub.example" },
        to: [{ address: "a@hub.example" }],
        date: "2026-01-02T03:04:05.000Z",
      });
      expect(message.text).toContain(value);
      expect(message.html).toContain(value.replaceAll("&", "&amp;"));
      const headers = new Map(message.headers.map((each) => [each.key, each.value]));
      expect(headers.get("auto-submitted")).toBe("auto-generated");
      expect(headers.get("content-language")).toBe(language);
    },
  );

  it("an ASCII name of the sender is quoted, a bare address stays bare", async () => {
    const letter = {
      ...{ id: "1", to: "a@hub.example", language: "en" as const, text: textOf("signup-code", "en") },
      ...{ value: "12345", date: 0 },
    };
    expect(compose({ ...letter, from: "Hub, Inc. <x@hub.example>" }).raw).toContain(
      'From: "Hub, Inc."\r\n <x@hub.example>\r\n',
    );
    expect(compose({ ...letter, from: "x@hub.example" }).raw).toContain("From: <x@hub.example>\r\n");
  });

  it("a line break in the sender's name starts no header", () => {
    const { raw } = compose({
      ...{ id: "1", to: "a@hub.example", language: "en", text: textOf("signup-code", "en") },
      ...{ value: "12345", date: 0, from: "Hub\r\nBcc: evil@hub.example <x@hub.example>" },
    });
    expect(raw).not.toMatch(/^Bcc:/m);
  });
});
