import type { Server } from "../contract.ts";
import type { MailboxEnv } from "../env.ts";
import { MailError } from "../errors.ts";
import { checkHost } from "../net/hosts.ts";
import { Wire } from "../net/wire.ts";
import type { Credentials } from "../secrets/credentials.ts";
import { logIn } from "./login.ts";
import { ask, isInUse, mismatch, readReply, refusalOf } from "./reply.ts";
import { Unstuffer } from "./unstuff.ts";

/** How long to wait for each answer, in milliseconds. */
const ANSWER_MS = 30_000;

/** A mailbox with more mails cannot be read by POP3. */
const MAX_MAILS = 500_000;

/** A capability list, in lines. */
const MAX_CAPABILITIES = 200;

const UNLISTED = "The mail server does not list its mails";

/**
 * Logs in, and leaves. A mailbox that another session has open, such as a pass of our own, is as good: the login was right.
 * @returns what the server can do, such as "UIDL" and "TOP"
 * @throws MailError as `openPop`
 */
export async function popLogin(
  env: MailboxEnv,
  server: Server,
  credentials: Credentials,
): Promise<{ capabilities: string[] }> {
  const { wire, capabilities } = await connect(env, server);
  try {
    const client = await enter(wire, credentials, capabilities);
    await client.quit();
    return { capabilities: client.capabilities };
  } catch (error) {
    if (isInUse(error)) return { capabilities: namesOf(capabilities) };
    throw error;
  }
}

/**
 * Opens a connection, and logs in. The mailbox is locked for others while it is open (RFC 1939 section 4).
 * @throws MailError CONNECTION_FAILED, TLS_UNTRUSTED, PROTOCOL_MISMATCH, AUTHENTICATION_FAILED; THROTTLED
 * also while another program has the mailbox open
 */
export async function openPop(env: MailboxEnv, server: Server, credentials: Credentials): Promise<PopClient> {
  const { wire, capabilities } = await connect(env, server);
  return enter(wire, credentials, capabilities);
}

/** What a server offers: arguments by name (RFC 2449). */
type Capabilities = Map<string, string[]>;

const namesOf = (capabilities: Capabilities): string[] => [...capabilities.keys()].sort();

async function connect(env: MailboxEnv, server: Server): Promise<{ wire: Wire; capabilities: Capabilities }> {
  await checkHost(env, server);
  const wire = await Wire.open(server, ANSWER_MS);
  return closedOnFailure(wire, async () => {
    await greeted(wire);
    const capabilities = await capabilitiesOf(wire);
    if (server.encryption !== "starttls") return { wire, capabilities };
    const reply = await ask(wire, "STLS");
    if (!reply.isOk) throw mismatch("The mail server does not offer STARTTLS");
    await wire.startTls();
    // Security: what was offered before may be an attacker's word (RFC 2595 section 4).
    return { wire, capabilities: await capabilitiesOf(wire) };
  });
}

const enter = (wire: Wire, credentials: Credentials, capabilities: Capabilities): Promise<PopClient> =>
  closedOnFailure(wire, async () => {
    await logIn(wire, credentials, capabilities);
    // RFC 2449 section 5: what a server offers may be another after the login.
    const offered = await capabilitiesOf(wire);
    return new PopClient(wire, namesOf(offered.size > 0 ? offered : capabilities));
  });

async function closedOnFailure<T>(wire: Wire, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await wire.close();
    throw error;
  }
}

/** Security: no word of the server is passed on here. It may be no mail server, but something within a network. */
async function greeted(wire: Wire): Promise<void> {
  const reply = await readReply(wire);
  if (!reply.isOk) throw refusalOf(reply, "PROTOCOL_MISMATCH", "The POP3 server takes no connection");
}

/** Nothing from an old server that cannot tell. */
async function capabilitiesOf(wire: Wire): Promise<Capabilities> {
  const offered: Capabilities = new Map();
  const reply = await ask(wire, "CAPA");
  if (!reply.isOk) return offered;
  for (let count = 0; ; count++) {
    const line = await wire.line();
    if (line === ".") return offered;
    if (count === MAX_CAPABILITIES) throw mismatch("The POP3 server's list of capabilities has no end");
    const [name = "", ...parameters] = line.trim().toUpperCase().split(/\s+/);
    if (name) offered.set(name, parameters);
  }
}

/** What a server sent, up to a limit. */
interface Text {
  bytes: Uint8Array;
  isWhole: boolean;
}

/** A mailbox that is open. Mails are numbered from 1, in this session alone; the highest number came last. */
export class PopClient {
  readonly #wire: Wire;
  readonly capabilities: string[];
  /** False after a text that was not whole. */
  isOpen = true;

  constructor(wire: Wire, capabilities: string[]) {
    this.#wire = wire;
    this.capabilities = capabilities;
  }

  /** The size of each mail in bytes, by number. */
  async sizes(): Promise<Map<number, number>> {
    const sizes = new Map<number, number>();
    const isListed = await this.#list("LIST", (number, size) => sizes.set(number, Number(size) || 0));
    if (!isListed) throw new MailError("CONNECTION_FAILED", UNLISTED);
    return sizes;
  }

  /** The unique id of each mail, by number; undefined if the server has none. */
  async ids(): Promise<Map<number, string> | undefined> {
    const ids = new Map<number, string>();
    if (await this.#list("UIDL", (number, id) => ids.set(number, id))) return ids;
    // Ids of another kind would make every mail a new one.
    if (this.capabilities.includes("UIDL")) throw new MailError("CONNECTION_FAILED", UNLISTED);
    return undefined;
  }

  /** The header of a mail; undefined if the server cannot give it alone. @param limit as for `mail` */
  async header(number: number, limit: number): Promise<Text | undefined> {
    const reply = await ask(this.#wire, `TOP ${number} 0`);
    return reply.isOk ? this.#text(0, limit) : undefined;
  }

  /**
   * A mail; undefined if it is not there.
   * @param expected its size as the server told, for which room is made at once
   * @param limit in bytes: after that the connection is closed, and the text is not whole
   */
  async mail(number: number, expected: number, limit: number): Promise<Text | undefined> {
    const reply = await ask(this.#wire, `RETR ${number}`);
    return reply.isOk ? this.#text(Math.min(expected, limit), limit) : undefined;
  }

  /** Says goodbye, and closes the connection. It never fails: nothing is left to be said. */
  async quit(): Promise<void> {
    this.#wire.timeout = 2000;
    if (this.isOpen) await ask(this.#wire, "QUIT").catch(() => {});
    await this.#wire.close();
  }

  /** @returns false if the server does not know the command */
  async #list(command: string, add: (number: number, value: string) => void): Promise<boolean> {
    const reply = await ask(this.#wire, command);
    if (!reply.isOk) return false;
    for (let count = 0; ; count++) {
      const line = await this.#wire.line();
      if (line === ".") return true;
      if (count === MAX_MAILS)
        throw new MailError("TOO_LARGE", `The mailbox has more than ${MAX_MAILS} mails`);
      const [, number, value] = /^\s*(\d{1,9})\s+(\S{1,255})/.exec(line) ?? [];
      if (number === undefined || value === undefined)
        throw mismatch("The POP3 server's list cannot be read");
      add(Number(number), value);
    }
  }

  /** Reads a multi-line response into one piece of memory, which grows only if the server sends more than it told. */
  async #text(expected: number, limit: number): Promise<Text> {
    const unstuffer = new Unstuffer();
    let bytes = new Uint8Array(Math.min(limit, Math.max(expected, 8192)));
    for (let length = 0; ; ) {
      const { text, rest } = unstuffer.write(await this.#wire.chunk());
      const piece = text.subarray(0, limit - length);
      if (length + piece.length > bytes.length) {
        const larger = new Uint8Array(Math.min(limit, Math.max(length + piece.length, bytes.length * 2)));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(piece, length);
      length += piece.length;
      if (piece.length < text.length) {
        this.isOpen = false;
        await this.#wire.close();
        return { bytes, isWhole: false };
      }
      if (!rest) continue;
      if (rest.length > 0) this.#wire.unread(rest);
      return { bytes: bytes.subarray(0, length), isWhole: true };
    }
  }
}
