import { attach, authenticate, type Credentials, readMessage, XOAUTH2_REFUSAL } from "../auth/sign-in.ts";
import type { Client } from "../net/client.ts";
import { type Connection, Disconnected } from "../net/connection.ts";
import { withFault } from "../net/faulty.ts";
import { type Mailbox, Refusal } from "../world/mailbox.ts";
import type { Envelope } from "../world/world.ts";

interface Session extends Client {
  mailbox: Mailbox | null;
  envelope: Envelope | null;
}

/** Serves a client that submits mail (RFC 6409), until it goes. */
export async function serveSmtp(client: Client): Promise<void> {
  const { connection, door } = client;
  const session: Session = { ...client, mailbox: null, envelope: null };
  const greet = async () => connection.write("220 localhost ESMTP Xabar stand-in\r\n");
  await withFault(connection, door?.faults.take("smtp", "CONNECT"), greet);
  for (;;) await serveCommand(session);
}

async function serveCommand(session: Session): Promise<void> {
  const { connection, record } = session;
  const line = (await connection.line()).toString();
  const [verb = ""] = line.split(" ", 1);
  const name = verb.toUpperCase();
  record.commands.push(name === "AUTH" ? name : line);
  if (name === "AUTH") return signIn(session, line.split(" ").slice(1));
  await withFault(connection, faultFor(session, name), () => answer(session, name, line));
  if (name === "QUIT") throw new Disconnected("The client is done");
}

const faultFor = ({ mailbox, door }: Session, name: string) => (mailbox ?? door)?.faults.take("smtp", name);

async function signIn(session: Session, [mechanism = "", initial]: string[]): Promise<void> {
  const { connection, world, record } = session;
  const kind = mechanism.toUpperCase();
  const credentials = await readCredentials(connection, kind, initial);
  const known = "user" in credentials ? world.find(credentials.user) : undefined;
  const fault = (known ?? session.door)?.faults.take("smtp", "LOGIN");
  await withFault(connection, fault, async () => {
    try {
      if ("isBad" in credentials) throw credentials;
      const mailbox = authenticate(world, credentials, record);
      attach(mailbox, record, connection);
      session.mailbox = mailbox;
      connection.write("235 2.7.0 Authentication successful\r\n");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (kind === "XOAUTH2") {
        connection.write(`334 ${XOAUTH2_REFUSAL}\r\n`);
        await connection.line();
      }
      const isLimit = error.message.includes("Too many");
      const text = error.message.replace(/^\[\w+\] /, "");
      connection.write(`${isLimit ? "421 4.7.0" : "535 5.7.8"} ${text}\r\n`);
    }
  });
}

async function readCredentials(
  connection: Connection,
  kind: string,
  initial: string | undefined,
): Promise<Credentials | Refusal> {
  const ask = async (prompt: string): Promise<string> => {
    connection.write(`334 ${Buffer.from(prompt).toString("base64")}\r\n`);
    return (await connection.line()).toString();
  };
  if (kind === "LOGIN") {
    const [user, password] = [initial ?? (await ask("Username:")), await ask("Password:")];
    return { user: fromBase64(user), password: fromBase64(password) };
  }
  try {
    return readMessage(kind, initial ?? (await ask("")));
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

const fromBase64 = (text: string): string => Buffer.from(text, "base64").toString();

async function answer(session: Session, name: string, line: string): Promise<void> {
  const { connection, record, secureContext } = session;
  if (name === "STARTTLS" && !connection.isSecure) {
    connection.write("220 2.0.0 Ready to start TLS\r\n");
    await connection.startTls(secureContext);
    record.isSecure = true;
    return;
  }
  if (name === "DATA") return takeMail(session);
  connection.write(`${replyTo(session, name, line)}\r\n`);
}

function replyTo(session: Session, name: string, line: string): string {
  switch (name) {
    case "EHLO":
      return `250-localhost\r\n${extensionsOf(session)
        .map((each, at, all) => `250${at === all.length - 1 ? " " : "-"}${each}`)
        .join("\r\n")}`;
    case "HELO":
      return "250 localhost";
    case "MAIL":
      return beginMail(session, line);
    case "RCPT":
      return addRecipient(session, line);
    case "RSET":
      session.envelope = null;
      return "250 2.0.0 OK";
    case "NOOP":
      return "250 2.0.0 OK";
    case "QUIT":
      return "221 2.0.0 Bye";
    default:
      return "502 5.5.1 Unknown command";
  }
}

function extensionsOf({ connection, mailbox, door }: Session): string[] {
  const { lacks = [], sizeLimit = 35 * 1024 * 1024 } = (mailbox ?? door)?.profile ?? {};
  const all = [
    "PIPELINING",
    `SIZE ${sizeLimit}`,
    "8BITMIME",
    "SMTPUTF8",
    ...(connection.isSecure ? [] : ["STARTTLS"]),
    "AUTH PLAIN LOGIN XOAUTH2",
    "ENHANCEDSTATUSCODES",
  ];
  return all.filter((each) => !lacks.includes(each.split(" ", 1)[0]!));
}

function beginMail(session: Session, line: string): string {
  const { mailbox } = session;
  if (!mailbox) return "530 5.7.0 Authentication required";
  const [, from] = /^MAIL FROM: ?<([^>]*)>/i.exec(line) ?? [];
  if (from === undefined) return "501 5.5.4 Syntax: MAIL FROM:<address>";
  const [, size = "0"] = / SIZE=(\d+)/i.exec(line) ?? [];
  if (Number(size) > mailbox.profile.sizeLimit) return "552 5.3.4 The message is too large";
  session.envelope = { from, to: [] };
  return "250 2.1.0 OK";
}

function addRecipient({ envelope }: Session, line: string): string {
  if (!envelope) return "503 5.5.1 MAIL first";
  const [, to] = /^RCPT TO: ?<([^>]+)>/i.exec(line) ?? [];
  if (!to?.includes("@")) return "501 5.1.3 Bad recipient address";
  envelope.to.push(to);
  return "250 2.1.5 OK";
}

async function takeMail(session: Session): Promise<void> {
  const { connection, mailbox, envelope, world } = session;
  if (!mailbox || !envelope?.to.length) return connection.write("503 5.5.1 RCPT first\r\n");
  connection.write("354 End data with <CR><LF>.<CR><LF>\r\n");
  const raw = await readData(connection);
  session.envelope = null;
  const fault = mailbox.faults.take("smtp", ".");
  await withFault(connection, fault, async () => {
    if (raw.length > mailbox.profile.sizeLimit)
      return connection.write("552 5.3.4 The message is too large\r\n");
    world.submit(mailbox, raw, envelope);
    connection.write("250 2.0.0 OK: queued\r\n");
  });
}

const NEWLINE = Buffer.from("\r\n");

/** Reads up to the line with a dot alone. */
async function readData(connection: Connection): Promise<Buffer> {
  const lines: Buffer[] = [];
  for (;;) {
    const line = await connection.line();
    if (line.length === 1 && line[0] === 46) return Buffer.concat(lines);
    lines.push(line[0] === 46 ? line.subarray(1) : line, NEWLINE);
  }
}
