import type { Connection } from "../net/connection.ts";
import { type ConnectionRecord, type Mailbox, Refusal } from "../world/mailbox.ts";
import type { World } from "../world/world.ts";

/** What a client proves who it is with. */
export type Credentials = { user: string } & ({ password: string } | { accessToken: string });

/** RFC 4616. */
function readPlain(base64: string): Credentials {
  const [, user = "", password] = Buffer.from(base64, "base64").toString().split("\0");
  if (password === undefined) throw new Refusal("The message cannot be read", { isBad: true });
  return { user, password };
}

function readXoauth2(base64: string): Credentials {
  const [first = "", second = ""] = Buffer.from(base64, "base64").toString().split("\x01");
  const [, user] = /^user=(.+)/.exec(first) ?? [];
  const [, accessToken] = /^auth=Bearer (.*)/.exec(second) ?? [];
  if (user === undefined || accessToken === undefined)
    throw new Refusal("The message cannot be read", { isBad: true });
  return { user, accessToken };
}

/** Reads the message of AUTHENTICATE with a mechanism. @throws Refusal */
export const readMessage = (mechanism: string, base64: string): Credentials =>
  (mechanism.toUpperCase() === "PLAIN" ? readPlain : readXoauth2)(base64);

/** Who a message of AUTHENTICATE is of; empty if it cannot be read. */
export function userIn(mechanism: string, base64: string): string {
  try {
    return readMessage(mechanism, base64).user;
  } catch {
    return "";
  }
}

/** What XOAUTH2 tells before it refuses; the client then sends an empty line. */
export const XOAUTH2_REFUSAL = Buffer.from('{"status":"401","schemes":"bearer","scope":"mail"}').toString(
  "base64",
);

/** @throws Refusal AUTHENTICATIONFAILED, or with too many connections */
export function authenticate(world: World, credentials: Credentials, record: ConnectionRecord): Mailbox {
  const mailbox = world.find(credentials.user);
  const isRight =
    mailbox?.isEnabled &&
    ("password" in credentials
      ? mailbox.password === credentials.password
      : mailbox.accessTokens.has(credentials.accessToken) ||
        world.isToken(credentials.accessToken, mailbox.address));
  if (!mailbox || !isRight) throw new Refusal("[AUTHENTICATIONFAILED] Authentication failed.");
  const others = mailbox.connections.filter(
    (each) => each !== record && each.isOpen && each.protocol === record.protocol,
  );
  if (others.length >= mailbox.profile.maxConnections)
    throw new Refusal("[LIMIT] Too many simultaneous connections");
  return mailbox;
}

/** From here on, the connection behaves as the mailbox's server does, and is known to it. */
export function attach(mailbox: Mailbox, record: ConnectionRecord, connection: Connection): void {
  if (!mailbox.connections.includes(record)) mailbox.connections.push(record);
  connection.packetSize = mailbox.profile.packetSize;
}
