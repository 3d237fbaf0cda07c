import {
  attach,
  authenticate,
  type Credentials,
  readMessage,
  userIn,
  XOAUTH2_REFUSAL,
} from "../auth/sign-in.ts";
import type { Client } from "../net/client.ts";
import { Disconnected } from "../net/connection.ts";
import { withFault } from "../net/faulty.ts";
import { Refusal } from "../world/mailbox.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { append, close, expunge, store, transfer } from "./changing.ts";
import { type Command, readCommand, type Token, textOf } from "./command.ts";
import { fetch } from "./fetch.ts";
import { create, list, lsub, remove, rename, status, subscribing } from "./folders.ts";
import { idle, open } from "./opening.ts";
import { search } from "./search.ts";
import { type Handler, mailboxOf, type Session, selectedOf, sendUpdates, untagged } from "./session.ts";
import { quoted } from "./syntax.ts";

const HANDLERS: Record<string, Handler> = {
  NOOP: () => "NOOP completed.",
  CHECK: () => "Check completed.",
  CAPABILITY: (session) => {
    untagged(session, `CAPABILITY ${capabilitiesOf(session)}`);
    return "Capability completed.";
  },
  ID: (session) => {
    untagged(session, 'ID ("name" "Xabar stand-in")');
    return "ID completed.";
  },
  LOGIN: (session, [user, password]) =>
    signIn(session, { user: textOf(user), password: utf8(textOf(password)) }),
  AUTHENTICATE: (session, [mechanism, response]) => {
    return signIn(session, readMessage(textOf(mechanism), textOf(response)));
  },
  ENABLE: enable,
  NAMESPACE: (session) => {
    const { prefix, delimiter } = mailboxOf(session).profile;
    untagged(session, `NAMESPACE ((${quoted(prefix)} "${delimiter}")) NIL NIL`);
    return "Namespace completed.";
  },
  LIST: list,
  LSUB: lsub,
  STATUS: status,
  CREATE: create,
  RENAME: rename,
  DELETE: remove,
  SUBSCRIBE: subscribing(true),
  UNSUBSCRIBE: subscribing(false),
  SELECT: open,
  EXAMINE: open,
  CLOSE: close,
  UNSELECT: (session) => {
    selectedOf(session);
    session.selected = null;
    return "Unselected.";
  },
  IDLE: idle,
  FETCH: fetch,
  "UID FETCH": fetch,
  SEARCH: search,
  "UID SEARCH": search,
  STORE: store,
  "UID STORE": store,
  COPY: transfer,
  "UID COPY": transfer,
  MOVE: transfer,
  "UID MOVE": transfer,
  EXPUNGE: expunge,
  "UID EXPUNGE": expunge,
  APPEND: append,
};

const utf8 = (latin1: string): string => Buffer.from(latin1, "latin1").toString();

function signIn(session: Session, credentials: Credentials): string {
  const { world, record, connection } = session;
  const mailbox = authenticate(world, credentials, record);
  attach(mailbox, record, connection);
  session.mailbox = mailbox;
  return `[CAPABILITY ${capabilitiesOf(session)}] Logged in`;
}

function enable(session: Session, tokens: Token[]): string {
  const { sync } = mailboxOf(session).profile;
  const wanted = tokens.map((token) => textOf(token).toUpperCase());
  session.hasQresync ||= sync === "qresync" && wanted.includes("QRESYNC");
  session.hasCondstore ||= session.hasQresync || (sync !== "none" && wanted.includes("CONDSTORE"));
  const enabled = [
    ...(session.hasCondstore ? ["CONDSTORE"] : []),
    ...(session.hasQresync ? ["QRESYNC"] : []),
  ].filter((name) => wanted.includes(name));
  untagged(session, ["ENABLED", ...enabled].join(" "));
  return "Enabled.";
}

/** Serves a client until it goes. */
export async function serveImap({ connection, world, record, door, secureContext }: Client): Promise<void> {
  const session: Session = {
    connection,
    world,
    record,
    mailbox: null,
    selected: null,
    hasQresync: false,
    hasCondstore: false,
    omitted: [],
  };
  const greeting = `* OK [CAPABILITY ${capabilitiesOf(session, door?.profile)}] Xabar stand-in ready.\r\n`;
  await withFault(connection, door?.faults.take("imap", "CONNECT"), async () => connection.write(greeting));
  for (;;) {
    const command = await nextCommand(session);
    const mailbox = session.mailbox ?? world.find(userOf(command)) ?? door;
    const event = userOf(command) ? "LOGIN" : command.name;
    const fault = mailbox?.faults.take("imap", event);
    session.omitted = fault?.omit ?? [];
    const work = async () => {
      if (command.name === "STARTTLS") return startTls(session, command, secureContext);
      await answer(session, command);
    };
    await withFault(connection, fault, work, `${command.tag} `);
    if (command.name === "LOGOUT") throw new Disconnected("The client has signed out");
  }
}

/** Reads a command: also the second line of AUTHENTICATE. */
async function nextCommand({ connection, record }: Session): Promise<Command> {
  const command = await readCommand(connection);
  const { name, tokens } = command;
  const isSecret = name === "LOGIN" || name === "AUTHENTICATE";
  record.commands.push(isSecret || name === "APPEND" ? name : [name, ...tokens.map(written)].join(" "));
  if (name === "AUTHENTICATE" && tokens.length === 1) {
    connection.write("+ \r\n");
    tokens.push((await connection.line()).toString("latin1"));
  }
  return command;
}

const written = (token: Token): string =>
  Array.isArray(token) ? `(${token.map(written).join(" ")})` : token;

/** Who signs in with this command; empty for any other command. */
function userOf({ name, tokens: [first, second] }: Command): string {
  if (name === "LOGIN" && typeof first === "string") return first;
  const isMessage = name === "AUTHENTICATE" && typeof first === "string" && typeof second === "string";
  return isMessage ? userIn(first, second) : "";
}

async function answer(session: Session, command: Command): Promise<void> {
  const { connection } = session;
  const { tag, name, tokens } = command;
  if (name === "LOGOUT") {
    untagged(session, "BYE Logging out");
    connection.write(`${tag} OK Logout completed.\r\n`);
    return;
  }
  if (name === "COMPRESS") {
    connection.write(`${tag} OK Begin compression.\r\n`);
    connection.compress();
    return;
  }
  let result: string;
  try {
    const handler = HANDLERS[name];
    if (!handler) throw new Refusal("Unknown command", { isBad: true });
    result = `OK ${await handler(session, tokens, command)}`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (name === "AUTHENTICATE" && textOf(tokens[0]).toUpperCase() === "XOAUTH2") {
      connection.write(`+ ${XOAUTH2_REFUSAL}\r\n`);
      await connection.line();
    }
    result = `${error.isBad ? "BAD" : "NO"} ${error.message}`;
  }
  // RFC 3501, 7.4.1: numbers must not shift during these.
  const withRemovals = !["FETCH", "STORE", "SEARCH"].includes(name);
  if (result.startsWith("OK")) sendUpdates(session, { withRemovals });
  connection.write(`${tag} ${result}\r\n`);
}

async function startTls(
  { connection, record }: Session,
  { tag }: Command,
  secureContext: Client["secureContext"],
): Promise<void> {
  if (connection.isSecure) return connection.write(`${tag} BAD TLS is active already\r\n`);
  connection.write(`${tag} OK Begin TLS negotiation now.\r\n`);
  await connection.startTls(secureContext);
  record.isSecure = true;
}
