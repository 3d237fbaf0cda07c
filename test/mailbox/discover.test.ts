import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MailboxSettings, Owner, RefusalCode } from "../../src/mailbox/contract.ts";
import { byDatabase, smtpIn } from "../../src/mailbox/discover/autoconfig.ts";
import { firstThatLogsIn, guessesFrom, smtpServerOf } from "../../src/mailbox/discover/smtp.ts";
import { MailError } from "../../src/mailbox/errors.ts";
import { inside } from "./support/inside.ts";
import { newDomain, putPages, putRecords, visits } from "./support/internet.ts";
import { bindings, mailboxOf, newOwner, settingsOf } from "./support/mailbox.ts";

const PUBLIC = { A: ["8.8.8.8"] };

const xmlOf = (servers: string) => `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x">
  <incomingServer type="imap"><hostname>imap.wrong.uz</hostname><port>993</port><socketType>SSL</socketType></incomingServer>
  ${servers}</emailProvider></clientConfig>`;

const serverXml = (hostname: string, port = "465", socketType = "SSL") =>
  `<outgoingServer type="smtp"><hostname>${hostname}</hostname><port>${port}</port>
   <socketType>${socketType}</socketType><username>%EMAILADDRESS%</username></outgoingServer>`;

const autoconfigUrl = (address: string) => {
  const domain = address.split("@")[1];
  return `https://autoconfig.${domain}/mail/config-v1.1.xml?${new URLSearchParams({ emailaddress: address })}`;
};

async function found(changes: Partial<MailboxSettings>, owner: Owner = newOwner()) {
  const settings = settingsOf({ port: 1, ...changes });
  const incoming = changes.incoming ?? { ...settings.incoming, hostname: "imap.nowhere.uz", port: 993 };
  const outcome = await mailboxOf(owner).configure(owner, { ...settings, incoming }, { password: "secret" });
  expect(outcome).toMatchObject({ ok: true });
  return lookedUp(owner);
}

const lookedUp = (owner: Owner) =>
  inside(
    (ctx) =>
      smtpServerOf(ctx).catch((error) => {
        if (error instanceof MailError) return error.code;
        throw error;
      }),
    mailboxOf(owner) as unknown as DurableObjectStub,
  );

describe("nothing is taken", () => {
  test("where nobody knows a server: SMTP_UNKNOWN", async () => {
    expect(await found({ emailAddress: `a@${newDomain()}` })).toBe("SMTP_UNKNOWN");
  });

  test.each([
    ["without TLS", serverXml("smtp.HOST", "587", "plain")],
    ["at port 25", serverXml("smtp.HOST", "25", "STARTTLS")],
    ["at a private address", serverXml("127.0.0.1")],
    ["at a name of one label", serverXml("mailhost")],
    ["in a comment", `<!-- ${serverXml("smtp.HOST")} -->`],
    ["in a comment that does not end", `<!-- ${serverXml("smtp.HOST")}`],
    ["in a page that is too long", `${" ".repeat(70_000)}${serverXml("smtp.HOST")}`],
    ["in a block that does not end", serverXml("smtp.HOST").replace("</outgoingServer>", "")],
  ])("from autoconfig: %s", async (_, xml) => {
    const domain = newDomain();
    const address = `a@${domain}`;
    await putRecords({ [`autoconfig.${domain}`]: PUBLIC });
    await putPages({ [autoconfigUrl(address)]: { status: 200, body: xmlOf(xml.replace("HOST", domain)) } });
    expect(await found({ emailAddress: address })).toBe("SMTP_UNKNOWN");
    expect(await visits()).toContain(autoconfigUrl(address));
  });

  test.each([
    ["has a private address", { A: ["10.0.0.1"] }],
    ["has a private address as well", { A: ["8.8.8.8", "169.254.169.254"] }],
    ["has a private IPv6 address", { A: ["8.8.8.8"], AAAA: ["fd00::1"] }],
    ["has no address", {}],
    ["the resolver cannot find", { A: "broken" as const }],
  ])("from a web server whose name %s: it is not visited", async (_, records) => {
    const domain = newDomain();
    const address = `a@${domain}`;
    await putRecords({ [`autoconfig.${domain}`]: records });
    await putPages({ [autoconfigUrl(address)]: { status: 200, body: xmlOf(serverXml("smtp.gmail.com")) } });
    expect(await found({ emailAddress: address })).toBe("SMTP_UNKNOWN");
    expect(await visits()).not.toContain(autoconfigUrl(address));
  });

  test("from SRV records that lead to a stranger, or say that there is no service", async () => {
    const domain = newDomain();
    await putRecords({
      [`_submissions._tcp.${domain}`]: { SRV: ["0 1 465 smtp.attacker.uz.", `0 1 465 evil${domain}.`] },
      [`_submission._tcp.${domain}`]: { SRV: ["0 0 0 ."] },
    });
    expect(await found({ emailAddress: `a@${domain}` })).toBe("SMTP_UNKNOWN");
  });
});

describe("the first source that knows it wins", () => {
  test("the settings, before the table", async () => {
    const smtp = { hostname: "smtp.own.uz", port: 2525, encryption: "starttls" as const, username: "me" };
    expect(await found({ emailAddress: "a@gmail.com", smtp })).toEqual(smtp);
  });

  test("the settings in part: the port says the encryption, and the encryption the port", async () => {
    const hostname = "smtp.own.uz";
    expect(await found({ smtp: { hostname, port: 465 } })).toMatchObject({ encryption: "tls" });
    expect(await found({ smtp: { hostname, encryption: "tls" } })).toMatchObject({ port: 465 });
    expect(await found({ smtp: { hostname, encryption: "starttls" } })).toMatchObject({ port: 587 });
  });

  test("the table, by the domain and by the host that takes the domain's mail", async () => {
    expect(await found({ emailAddress: "a@MAIL.ru" })).toMatchObject({ hostname: "smtp.mail.ru", port: 465 });
    const domain = newDomain();
    await putRecords({
      [domain]: { MX: ["20 mx.unknown.uz.", "10 ASPMX.L.GOOGLE.COM.", "5 notgoogle.com."] },
    });
    expect(await found({ emailAddress: `a@${domain}` })).toMatchObject({ hostname: "smtp.gmail.com" });
  });

  test("Microsoft's customers and its own mailboxes have different servers", async () => {
    const domain = newDomain();
    await putRecords({ [domain]: { MX: [`0 ${domain.replace(".", "-")}.mail.protection.outlook.com.`] } });
    expect(await found({ emailAddress: `a@${domain}` })).toMatchObject({
      hostname: "smtp.office365.com",
      port: 587,
      encryption: "starttls",
    });
    expect(await found({ emailAddress: "a@hotmail.com" })).toMatchObject({
      hostname: "smtp-mail.outlook.com",
    });
  });

  test("autoconfig, before the database; also where it moved to", async () => {
    const domain = newDomain();
    const address = `a@${domain}`;
    const elsewhere = `https://www.${domain}/autoconfig.xml`;
    await putRecords({ [`autoconfig.${domain}`]: PUBLIC, [`www.${domain}`]: PUBLIC });
    await putPages({
      [autoconfigUrl(address)]: { status: 302, body: elsewhere },
      [elsewhere]: { status: 200, body: xmlOf(serverXml("smtp.%EMAILDOMAIN%", "587", "STARTTLS")) },
    });
    expect(await found({ emailAddress: address })).toMatchObject({
      hostname: `smtp.${domain}`,
      port: 587,
      encryption: "starttls",
    });
  });

  test("the domain's own page, where the host autoconfig is missing", async () => {
    const domain = newDomain();
    await putRecords({ [domain]: PUBLIC });
    await putPages({
      [`https://${domain}/.well-known/autoconfig/mail/config-v1.1.xml`]: {
        status: 200,
        body: xmlOf(serverXml("mail.hoster.uz", "465", "plain") + serverXml("mail.hoster.uz")),
      },
    });
    expect(await found({ emailAddress: `a@${domain}` })).toMatchObject({
      hostname: "mail.hoster.uz",
      port: 465,
    });
  });

  test("the database, before SRV records", async () => {
    const domain = newDomain();
    await putRecords({
      "ispdb.uz": PUBLIC,
      [`_submissions._tcp.${domain}`]: { SRV: [`0 1 465 srv.${domain}.`] },
    });
    await putPages({
      [`https://ispdb.uz/v1.1/${domain}`]: { status: 200, body: xmlOf(serverXml("smtp.database.uz")) },
    });
    expect(await found({ emailAddress: `a@${domain}` })).toMatchObject({ hostname: "smtp.database.uz" });
  });

  test("no database, where the operator wants none", async () => {
    const domain = newDomain();
    const page = `https://ispdb.uz/v1.1/${domain}`;
    await putRecords({ "ispdb.uz": PUBLIC });
    await putPages({ [page]: { status: 200, body: xmlOf(serverXml("smtp.database.uz")) } });
    const env = { ...bindings, DISCOVERY_URL: "none" };
    expect(await byDatabase(env, `a@${domain}`)).toBeUndefined();
    expect(await byDatabase(bindings, `a@${domain}`)).toMatchObject({ hostname: "smtp.database.uz" });
    expect((await visits()).filter((url) => url === page)).toHaveLength(1);
  });

  test("SRV records: the least priority first, TLS from the start before STARTTLS", async () => {
    const domain = newDomain();
    await putRecords({
      [`_submissions._tcp.${domain}`]: { SRV: [`10 1 465 second.${domain}.`, `5 1 2465 First.${domain}.`] },
      [`_submission._tcp.${domain}`]: { SRV: [`0 1 587 third.${domain}.`] },
    });
    expect(await found({ emailAddress: `a@${domain}` })).toMatchObject({
      hostname: `first.${domain}`,
      port: 2465,
      encryption: "tls",
    });
  });
});

test("what was found is kept, until the login changes", async () => {
  const owner = newOwner();
  const domain = newDomain();
  const address = `a@${domain}`;
  const put = (hostname: string) =>
    putPages({ [autoconfigUrl(address)]: { status: 200, body: xmlOf(serverXml(hostname)) } });
  await putRecords({ [`autoconfig.${domain}`]: PUBLIC });
  await put("smtp.first.uz");
  expect(await found({ emailAddress: address }, owner)).toMatchObject({ hostname: "smtp.first.uz" });
  await put("smtp.second.uz");
  expect(await lookedUp(owner)).toMatchObject({ hostname: "smtp.first.uz" });
  expect(await found({ emailAddress: address }, owner)).toMatchObject({ hostname: "smtp.second.uz" });
});

describe("hostile XML", () => {
  test("of any form is read without a failure, and gives servers with TLS only", () => {
    const piece = fc.constantFrom(
      ...[
        "<outgoingServer",
        ' type="smtp">',
        "</outgoingServer>",
        "<hostname>",
        "</hostname>",
        "a.uz",
        "<port>",
      ],
      ...[
        "</port>",
        "465",
        "<socketType>",
        "SSL",
        "</socketType>",
        "<!--",
        "-->",
        "<",
        ">",
        "&lol;",
        "<![CDATA[",
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const server = smtpIn(pieces.join(""), "x.uz");
        if (server) expect(["tls", "starttls"]).toContain(server.encryption);
      }),
    );
  });

  test.each([
    ["<outgoingServer><hostname><!--"],
    ["<outgoingServer>"],
    ["<!--"],
    ["<outgoingServer></outgoingServer>"],
  ])("of the largest size, full of %s, is read within a second", (piece) => {
    const xml = piece.repeat(65_536 / piece.length);
    const started = performance.now();
    expect(smtpIn(xml, "x.uz")).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe("a server that is guessed", () => {
  const tried = async (outcomes: Record<string, RefusalCode | "works">) => {
    const asked: string[] = [];
    const found = await firstThatLogsIn(guessesFrom("imap.hoster.uz"), async ({ hostname, port }) => {
      asked.push(`${hostname}:${port}`);
      const outcome = outcomes[`${hostname}:${port}`] ?? "CONNECTION_FAILED";
      if (outcome !== "works") throw new MailError(outcome, "refused");
    }).catch((error: MailError) => error.code);
    return { asked, found };
  };

  test("is the first that takes the login: with TLS from the start, then after STARTTLS", async () => {
    expect(await tried({ "smtp.hoster.uz:587": "works" })).toEqual({
      asked: ["smtp.hoster.uz:465", "smtp.hoster.uz:587"],
      found: { hostname: "smtp.hoster.uz", port: 587, encryption: "starttls" },
    });
    const { found } = await tried({ "smtp.hoster.uz:465": "TLS_UNTRUSTED", "imap.hoster.uz:465": "works" });
    expect(found).toEqual({ hostname: "imap.hoster.uz", port: 465, encryption: "tls" });
  });

  test("is the last that sees the password, if it refuses it", async () => {
    expect(await tried({ "smtp.hoster.uz:465": "AUTHENTICATION_FAILED" })).toEqual({
      asked: ["smtp.hoster.uz:465"],
      found: "AUTHENTICATION_FAILED",
    });
  });
});
