import { toBase64 } from "../../lib/base64.ts";
import { MailError } from "../errors.ts";
import type { Wire } from "../net/wire.ts";
import type { Credentials } from "../secrets/credentials.ts";
import { xoauth2 } from "../secrets/xoauth2.ts";
import { ask, mismatch, type PopReply, readReply, refusalOf } from "./reply.ts";

type Password = Extract<Credentials, { password: string }>;

/** A longer command is refused by servers (RFC 5034 section 4): then the answer follows by itself. */
const MAX_COMMAND = 255;

/**
 * Logs in.
 * @param capabilities what the server offers
 * @throws MailError AUTHENTICATION_FAILED, THROTTLED, PROTOCOL_MISMATCH, CONNECTION_FAILED
 */
export async function logIn(
  wire: Wire,
  credentials: Credentials,
  capabilities: Map<string, string[]>,
): Promise<void> {
  const mechanisms = capabilities.get("SASL") ?? [];
  if ("accessToken" in credentials && mechanisms.length > 0 && !mechanisms.includes("XOAUTH2")) {
    throw mismatch("The mail server takes no login by OAuth");
  }
  const reply =
    "accessToken" in credentials
      ? await answer(wire, "XOAUTH2", xoauth2(credentials))
      : mechanisms.includes("PLAIN")
        ? await answer(wire, "PLAIN", plainOf(credentials))
        : await logInByUser(wire, credentials);
  if (!reply.isOk) throw refusalOf(reply, "AUTHENTICATION_FAILED", "The mail server refused the login");
}

/** Sends the only answer of a mechanism. A second challenge has the reason of a refusal, and an empty answer ends it. */
async function answer(wire: Wire, mechanism: string, response: string): Promise<PopReply> {
  const short = `AUTH ${mechanism} ${response}`;
  let reply = await ask(wire, short.length <= MAX_COMMAND - 2 ? short : `AUTH ${mechanism}`);
  if (reply.isChallenge && short.length > MAX_COMMAND - 2) reply = await ask(wire, response);
  return reply.isChallenge ? ask(wire, "") : reply;
}

/** RFC 4616. */
const plainOf = ({ username, password }: Password): string => encoded(`\0${username}\0${password}`);

const encoded = (text: string): string => toBase64(new TextEncoder().encode(text));

/** The commands USER and PASS. They have no charset: UTF-8 is tried first, and Latin-1 where it makes a difference. */
async function logInByUser(wire: Wire, { username, password }: Password): Promise<PopReply> {
  // Security: what has a line break would be a command of its own.
  if (/[\r\n\0]/.test(username + password)) {
    throw new MailError("AUTHENTICATION_FAILED", "The username or the password has a line break");
  }
  const latin1 = latin1Of(password);
  const reply = await userAndPass(wire, username, new TextEncoder().encode(password));
  const isOther = latin1 !== undefined && latin1.length !== new TextEncoder().encode(password).length;
  return reply.isOk || !isOther ? reply : userAndPass(wire, username, latin1);
}

async function userAndPass(wire: Wire, username: string, password: Uint8Array): Promise<PopReply> {
  const user = await ask(wire, `USER ${username}`);
  if (user.isChallenge) throw mismatch("The server does not answer as a POP3 server");
  if (!user.isOk) return user;
  const command = new Uint8Array(password.length + 7);
  command.set(new TextEncoder().encode("PASS "));
  command.set(password, 5);
  command.set([13, 10], password.length + 5);
  await wire.write(command);
  return readReply(wire);
}

/** A byte for each character; undefined if one is not of Latin-1. */
const latin1Of = (text: string): Uint8Array | undefined =>
  /[^\0-\xff]/.test(text) ? undefined : Uint8Array.from(text, (character) => character.charCodeAt(0));
