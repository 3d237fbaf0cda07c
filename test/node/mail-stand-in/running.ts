import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ImapFlow, type ImapFlowOptions } from "imapflow";
import { afterAll, beforeAll } from "vitest";
import { type Certificates, createCertificates } from "../../../dev/mail/net/certificates.ts";
import { type MailServers, startMailServers } from "../../../dev/mail/servers.ts";
import type { Mailbox } from "../../../dev/mail/world/mailbox.ts";
import type { Profile } from "../../../dev/mail/world/profile.ts";
import { deliver, type Envelope, World } from "../../../dev/mail/world/world.ts";

export const PASSWORD = "correct-horse";

export interface Running {
  world: World;
  servers: MailServers;
  certificates: Certificates;
  /** What was sent to addresses without a mailbox. */
  outgoing: { raw: Buffer; envelope: Envelope }[];
}

/** Mail servers for the tests of a file. What goes wrong within them fails the file. */
export function runMailServers(): Running {
  const running = { outgoing: [] } as unknown as Running;
  const errors: unknown[] = [];
  beforeAll(async () => {
    running.certificates = await createCertificates();
    running.world = new World({ onOutgoing: (raw, envelope) => running.outgoing.push({ raw, envelope }) });
    running.servers = await startMailServers({
      world: running.world,
      certificate: running.certificates.trusted,
      onError: (error) => errors.push(error),
    });
  });
  afterAll(async () => {
    await running.servers.close();
    if (errors.length > 0) throw new AggregateError(errors, "The stand-in failed");
  });
  return running;
}

let last = 0;

/** A mailbox that no other test has, with mails in its INBOX. */
export function newMailbox(
  { world }: Running,
  profile: Partial<Profile> = {},
  mails: string[] = [],
): Mailbox {
  const mailbox = world.addMailbox(`user-${++last}@mail.test`, PASSWORD, profile);
  for (const raw of mails) deliver(mailbox, mailbox.inbox, { raw: Buffer.from(raw) });
  return mailbox;
}

/** A mail with a subject. */
export const mailOf = (subject: string, text = "Assalomu alaykum"): string =>
  `From: Ali <ali@bozor.example>\r\nTo: b@y.example\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\n${text}\r\n`;

/** imapflow, connected. It is disconnected when the test ends. */
export async function imapflow(
  { servers }: Running,
  { address }: Mailbox,
  options: Partial<ImapFlowOptions> = {},
): Promise<ImapFlow & AsyncDisposable> {
  const client = new ImapFlow({
    host: "localhost",
    port: servers.ports.imap,
    secure: false,
    doSTARTTLS: false,
    auth: { user: address, pass: PASSWORD },
    logger: false,
    qresync: true,
    ...options,
  });
  client.on("error", () => {});
  await client.connect();
  return Object.assign(client, {
    [Symbol.asyncDispose]: async () => {
      await client.logout().catch(() => {});
    },
  });
}

/** A connection by hand. */
export class Line implements Disposable {
  readonly #socket: Socket;
  #received = "";
  #isClosed = false;
  #wake = () => {};

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("data", (chunk) => {
      this.#received += chunk.toString("latin1");
      this.#wake();
    });
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** Sends text. @returns all that comes up to the pattern, or to the end of the connection */
  async ask(text: string, until: RegExp): Promise<string> {
    this.#received = "";
    this.#socket.write(text, "latin1");
    return this.read(until);
  }

  async read(until: RegExp): Promise<string> {
    while (!until.test(this.#received) && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#received;
  }

  /** All that comes until the server closes the connection. */
  async rest(): Promise<string> {
    if (!this.#isClosed) await once(this.#socket, "close");
    return this.#received;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** A client of IMAP by hand, signed in. */
export async function imapLine({ servers }: Running, { address }: Mailbox): Promise<Line> {
  const line = new Line(servers.ports.imap);
  await line.read(/\r\n$/);
  await line.ask(`a LOGIN ${address} ${PASSWORD}\r\n`, /^a .*\r\n$/m);
  return line;
}
