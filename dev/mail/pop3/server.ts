import { createHash } from "node:crypto";
import {
  attach,
  authenticate,
  type Credentials,
  readMessage,
  userIn,
  XOAUTH2_REFUSAL,
} from "../auth/sign-in.ts";
import type { Client } from "../net/client.ts";
import { type Connection, Disconnected } from "../net/connection.ts";
import { withFault } from "../net/faulty.ts";
import type { Mail } from "../world/folder.ts";
import { dropFrom } from "../world/gmail.ts";
import { type Mailbox, Refusal } from "../world/mailbox.ts";

interface Session extends Client {
  user: string;
  mailbox: Mailbox | null;
  /** The messages of INBOX when the client signed in. */
  mails: Mail[];
  deleted: Set<Mail>;
}

type Handler = (session: Session, args: string[]) => string;

const HANDLERS: Record<string, Handler> = {
  CAPA: (session) => {
    const lacks = (session.mailbox ?? session.door)?.profile.lacks ?? [];
    const all = ["TOP", "UIDL", "RESP-CODES", "PIPELINING", "USER", "SASL PLAIN XOAUTH2"];
    const tls = session.connection.isSecure ? [] : ["STLS"];
    const capabilities = [...all, ...tls].filter((each) => !lacks.includes(each));
    return `+OK\r\n${capabilities.map((each) => `${each}\r\n`).join("")}.`;
  },
  USER: (session, [user = ""]) => {
    session.user = user;
    return "+OK";
  },
  PASS: (session, args) => signIn(session, { user: session.user, password: args.join(" ") }),
  AUTH: (session, [mechanism = "", response = ""]) => signIn(session, readMessage(mechanism, response)),
  STAT: (session) => {
    const mails = present(session);
    return `+OK ${mails.length} ${mails.reduce((sum, { raw }) => sum + raw.length, 0)}`;
  },
  LIST: (session, [number]) => listing(session, number, ({ raw }) => String(raw.length)),
  UIDL: (session, [number]) => {
    requireCommand(session, "UIDL");
    return listing(session, number, uidlOf);
  },
  TOP: (session, [number, lines = "0"]) => {
    requireCommand(session, "TOP");
    const text = mailAt(session, number).raw.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return `+OK\r\n${stuffed(text)}.`;
    const body = text
      .slice(end + 4)
      .split("\r\n")
      .slice(0, Number(lines));
    return `+OK\r\n${stuffed(`${text.slice(0, end + 4)}${body.map((line) => `${line}\r\n`).join("")}`)}.`;
  },
  RETR: (session, [number]) => {
    const { raw } = mailAt(session, number);
    return `+OK ${raw.length} octets\r\n${stuffed(raw.toString("latin1"))}.`;
  },
  DELE: (session, [number]) => {
    session.deleted.add(mailAt(session, number));
    return "+OK Marked to be deleted.";
  },
  NOOP: () => "+OK",
  RSET: (session) => {
    session.deleted.clear();
    return "+OK";
  },
  QUIT: (session) => {
    if (session.mailbox) dropFrom(session.mailbox, session.mailbox.inbox, [...session.deleted]);
    return "+OK Logging out.";
  },
};

function signIn(session: Session, credentials: Credentials): string {
  const mailbox = authenticate(session.world, credentials, session.record);
  if (mailbox.isLocked) throw new Refusal("[IN-USE] The mailbox is locked by another client");
  mailbox.isLocked = true;
  attach(mailbox, session.record, session.connection);
  session.mailbox = mailbox;
  session.mails = [...mailbox.visible(mailbox.inbox)];
  return "+OK Logged in.";
}

function requireCommand({ mailbox }: Session, name: string): void {
  if (mailbox?.profile.lacks.includes(name)) throw new Refusal("Unknown command");
}

const present = ({ mails, deleted, mailbox }: Session): Mail[] => {
  if (!mailbox) throw new Refusal("Sign in first");
  return mails.filter((mail) => !deleted.has(mail));
};

function mailAt(session: Session, number: string | undefined): Mail {
  const mail = session.mails[Number(number) - 1];
  if (!mail || !present(session).includes(mail)) throw new Refusal("There is no such message");
  return mail;
}

/** The same as long as the message exists. */
const uidlOf = ({ uid, emailId }: Mail): string =>
  `${uid}.${createHash("sha1").update(emailId).digest("hex").slice(0, 16)}`;

function listing(session: Session, number: string | undefined, describe: (mail: Mail) => string): string {
  if (number !== undefined) return `+OK ${number} ${describe(mailAt(session, number))}`;
  const mails = new Set(present(session));
  const lines = session.mails.map((mail, at) => (mails.has(mail) ? `${at + 1} ${describe(mail)}\r\n` : ""));
  return `+OK ${mails.size} messages\r\n${lines.join("")}.`;
}

/** Doubles the dot at the start of a line, and ends the last line. */
const stuffed = (text: string): string =>
  text.replace(/^\./gm, "..") + (text === "" || text.endsWith("\r\n") ? "" : "\r\n");

/** Serves a client until it goes. */
export async function servePop3(client: Client): Promise<void> {
  const { connection, door } = client;
  const session: Session = { ...client, user: "", mailbox: null, mails: [], deleted: new Set() };
  const greet = async () => connection.write("+OK Xabar stand-in ready.\r\n");
  await withFault(connection, door?.faults.take("pop3", "CONNECT"), greet);
  try {
    for (;;) await serveCommand(session);
  } finally {
    if (session.mailbox) session.mailbox.isLocked = false;
  }
}

async function serveCommand(session: Session): Promise<void> {
  const { connection, record, world, door } = session;
  const [verb = "", ...args] = utf8(await connection.line()).split(" ");
  const name = verb.toUpperCase();
  record.commands.push(name === "PASS" || name === "AUTH" ? name : [name, ...args].join(" "));
  if (name === "AUTH" && args.length === 1) {
    connection.write("+ \r\n");
    args.push(utf8(await connection.line()));
  }
  const isSignIn = name === "PASS" || name === "AUTH";
  const mailbox =
    session.mailbox ??
    door ??
    (isSignIn
      ? world.find(name === "PASS" ? session.user : userIn(args[0] ?? "", args[1] ?? ""))
      : undefined);
  const fault = mailbox?.faults.take("pop3", isSignIn ? "LOGIN" : name);
  await withFault(connection, fault, () => answer(session, name, args));
  if (name === "QUIT") throw new Disconnected("The client has signed out");
}

const utf8 = (line: Buffer): string => line.toString();

async function answer(session: Session, name: string, args: string[]): Promise<void> {
  const { connection, record, secureContext } = session;
  if (name === "STLS" && !connection.isSecure) {
    connection.write("+OK Begin TLS negotiation now.\r\n");
    await connection.startTls(secureContext);
    record.isSecure = true;
    return;
  }
  try {
    const handler = HANDLERS[name];
    if (!handler) throw new Refusal("Unknown command");
    connection.write(`${handler(session, args)}\r\n`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (name === "AUTH" && args[0]?.toUpperCase() === "XOAUTH2") await challenge(connection);
    connection.write(`-ERR ${error.message.replace(/^\[AUTHENTICATIONFAILED\]/, "[AUTH]")}\r\n`);
  }
}

async function challenge(connection: Connection): Promise<void> {
  connection.write(`+ ${XOAUTH2_REFUSAL}\r\n`);
  await connection.line();
}
