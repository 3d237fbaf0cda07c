import { toBase64 } from "../../lib/base64.ts";
import type { Server } from "../contract.ts";
import { MailError } from "../errors.ts";
import { Wire } from "../net/wire.ts";
import type { Credentials } from "../secrets/credentials.ts";
import { xoauth2 } from "../secrets/xoauth2.ts";
import {
  ask,
  isPassing,
  isPositive,
  mismatch,
  readReply,
  refusalOf,
  type SmtpReply,
  textOf,
  within,
} from "./reply.ts";

/** A connection that is logged in. */
export interface SmtpSession {
  wire: Wire;
  /** What the server offers: parameters by keyword in upper case (RFC 5321 section 4.1.1.1). */
  offers: Map<string, string[]>;
}

/** A Worker has no name of its own; this is what mail programs say that have none (RFC 5321 section 4.1.3). */
const OUR_NAME = "[127.0.0.1]";

/** How long to wait for each answer, in milliseconds. */
const ANSWER_MS = 30_000;
/** How long all may take until the login has ended. */
const LOGIN_MS = 120_000;

/**
 * Logs in, and leaves. The host must have passed `checkHost`.
 * @returns what the server offers, such as "SIZE" and "8BITMIME"
 * @throws MailError as `openSession`
 */
export async function smtpLogin(
  server: Server,
  credentials: Credentials,
): Promise<{ capabilities: string[] }> {
  const { wire, offers } = await openSession(server, credentials);
  await leave(wire);
  return { capabilities: [...offers.keys()] };
}

/**
 * Opens a connection, and logs in. The host must have passed `checkHost`. The caller closes the wire.
 * @throws MailError CONNECTION_FAILED, TLS_UNTRUSTED, PROTOCOL_MISMATCH, AUTHENTICATION_FAILED; THROTTLED to try later
 */
export async function openSession(server: Server, credentials: Credentials): Promise<SmtpSession> {
  const wire = await Wire.open(server, ANSWER_MS);
  try {
    return await within(LOGIN_MS, async () => {
      await greeted(wire);
      const offers = await introduced(wire, server);
      await logIn(wire, credentials, offers);
      return { wire, offers };
    });
  } catch (error) {
    await wire.close();
    throw error;
  }
}

/** Says goodbye, and closes the connection. Never fails: all that matters has been said. */
export async function leave(wire: Wire): Promise<void> {
  wire.timeout = 2000;
  await ask(wire, "QUIT").catch(() => {});
  await wire.close();
}

/** Security: no word of the server is passed on here. It may be no mail server, but something within a network. */
async function greeted(wire: Wire): Promise<void> {
  const reply = await readReply(wire);
  if (reply.code === 220) return;
  if (isPassing(reply)) throw new MailError("THROTTLED", "The SMTP server takes no connection now");
  throw mismatch("The SMTP server does not greet");
}

/** @returns what the server offers, over TLS if that is asked for */
async function introduced(wire: Wire, { encryption }: Server): Promise<Map<string, string[]>> {
  const offers = await introduce(wire);
  if (encryption !== "starttls") return offers;
  const reply = await ask(wire, "STARTTLS");
  if (reply.code !== 220) throw refusalOf(reply, "PROTOCOL_MISMATCH");
  await wire.startTls();
  // Security: what was offered before may be an attacker's word (RFC 3207 section 4.2).
  return introduce(wire);
}

async function introduce(wire: Wire): Promise<Map<string, string[]>> {
  const reply = await ask(wire, `EHLO ${OUR_NAME}`);
  if (isPositive(reply)) return offersIn(reply);
  if (isPassing(reply)) throw refusalOf(reply, "PROTOCOL_MISMATCH");
  const plain = await ask(wire, `HELO ${OUR_NAME}`);
  if (!isPositive(plain)) throw refusalOf(plain, "PROTOCOL_MISMATCH");
  return new Map();
}

function offersIn({ lines }: SmtpReply): Map<string, string[]> {
  const offers = new Map<string, string[]>();
  for (const line of lines.slice(1)) {
    // Old servers write AUTH=LOGIN PLAIN.
    const [keyword = "", ...parameters] = line.toUpperCase().trim().split(/[ =]+/);
    offers.set(keyword, [...(offers.get(keyword) ?? []), ...parameters]);
  }
  return offers;
}

async function logIn(wire: Wire, credentials: Credentials, offers: Map<string, string[]>): Promise<void> {
  const reply = await authenticate(wire, credentials, offers.get("AUTH") ?? []);
  if (reply.code === 235) return;
  if (isPassing(reply)) {
    throw new MailError("THROTTLED", "The SMTP server cannot check the login now");
  }
  // No such command, or no such mechanism: nothing was said of the password.
  if ([500, 502, 503, 504].includes(reply.code)) {
    throw mismatch("The SMTP server offers no login that is known here");
  }
  throw hasSecret(reply, credentials)
    ? new MailError("AUTHENTICATION_FAILED", `The SMTP server refused the login: ${reply.code}`)
    : refusalOf(reply, "AUTHENTICATION_FAILED");
}

function authenticate(wire: Wire, credentials: Credentials, mechanisms: string[]): Promise<SmtpReply> {
  if ("accessToken" in credentials) return logInByToken(wire, credentials);
  if (mechanisms.includes("LOGIN") && !mechanisms.includes("PLAIN")) return logInByLogin(wire, credentials);
  return ask(wire, `AUTH PLAIN ${plainOf(credentials)}`);
}

type Password = Extract<Credentials, { password: string }>;
type Token = Extract<Credentials, { accessToken: string }>;

/** RFC 4616. */
const plainOf = ({ username, password }: Password): string => encoded(`\0${username}\0${password}`);

/** Security: a server may repeat in its refusal what it was given. */
function hasSecret(reply: SmtpReply, credentials: Credentials): boolean {
  const secrets =
    "accessToken" in credentials
      ? [credentials.accessToken, xoauth2(credentials)]
      : [credentials.password, encoded(credentials.password), plainOf(credentials)];
  return secrets.some((secret) => textOf(reply, "").includes(secret));
}

/** The obsolete draft-murchison-sasl-login, which is all that some servers offer. */
async function logInByLogin(wire: Wire, { username, password }: Password): Promise<SmtpReply> {
  let reply = await ask(wire, "AUTH LOGIN");
  for (const secret of [username, password]) {
    if (reply.code === 334) reply = await ask(wire, encoded(secret));
  }
  return reply;
}

/** XOAUTH2 of Google and Microsoft. A refusal is a challenge with JSON, which an empty answer ends. */
async function logInByToken(wire: Wire, token: Token): Promise<SmtpReply> {
  const reply = await ask(wire, `AUTH XOAUTH2 ${xoauth2(token)}`);
  return reply.code === 334 ? ask(wire, "") : reply;
}

const encoded = (text: string): string => toBase64(new TextEncoder().encode(text));
