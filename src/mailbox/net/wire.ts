import { connect } from "cloudflare:sockets";
import type { Encryption, Server } from "../contract.ts";
import { MailError } from "../errors.ts";
import { latin1 } from "../mime/decode.ts";
import { UNREACHABLE } from "./hosts.ts";

/** A longer line is not of a mail server: RFC 5321 allows 512 bytes, and servers have been seen to send some thousands. */
const MAX_LINE = 65_536;

/** How long to wait for a connection, and then for each answer. */
const DEFAULT_MS = 30_000;

/**
 * A connection to a mail server, for line protocols. TLS is always verified; workerd cannot do otherwise. Connect by
 * name: the certificate is checked against it.
 */
export class Wire {
  #socket: Socket;
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #writer: WritableStreamDefaultWriter<Uint8Array>;
  #buffer: Uint8Array = new Uint8Array(0);
  /** How long to wait for each answer, in milliseconds. */
  timeout: number;

  private constructor(socket: Socket, timeout: number) {
    this.#socket = socket;
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    this.timeout = timeout;
  }

  /**
   * Opens a connection. The host must have passed `checkHost`.
   * @throws MailError CONNECTION_FAILED or TLS_UNTRUSTED
   */
  static async open({ hostname, port, encryption }: Server, timeout = DEFAULT_MS): Promise<Wire> {
    const socket = open(hostname, port, encryption);
    try {
      await within(timeout, socket.opened);
    } catch (error) {
      await closeQuietly(socket);
      // workerd says the same of a refused connection and of a certificate that it does not trust.
      if (encryption === "tls" && (await isReachable(hostname, port))) throw untrusted(error);
      throw failed(UNREACHABLE, error);
    }
    return new Wire(socket, timeout);
  }

  /** Switches to TLS, after the server has agreed to. @throws MailError TLS_UNTRUSTED, PROTOCOL_MISMATCH */
  async startTls(): Promise<void> {
    // Security: an attacker on the way could have put these lines before the encrypted ones.
    if (this.#buffer.length > 0) throw mismatch("The mail server sent data after it agreed to STARTTLS");
    this.#reader.releaseLock();
    this.#writer.releaseLock();
    const secure = this.#socket.startTls();
    secure.closed.catch(() => {});
    try {
      await within(this.timeout, secure.opened);
    } catch (error) {
      throw untrusted(error);
    }
    this.#socket = secure;
    this.#reader = secure.readable.getReader();
    this.#writer = secure.writable.getWriter();
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    await within(this.timeout, this.#writer.write(bytes)).catch((error) => {
      throw failed("The connection to the mail server was lost", error);
    });
  }

  /** Reads a line. @returns it without its end, a character for each byte */
  async line(): Promise<string> {
    let from = 0;
    for (;;) {
      const end = this.#buffer.indexOf(10, from);
      if (end >= 0) {
        const line = this.#buffer.subarray(0, end);
        this.#buffer = this.#buffer.subarray(end + 1);
        return latin1(line).replace(/\r$/, "");
      }
      from = this.#buffer.length;
      if (from > MAX_LINE) throw mismatch(`The mail server sent a line of more than ${MAX_LINE} bytes`);
      await this.#more();
    }
  }

  /** Reads what has arrived, at least a byte. */
  async chunk(): Promise<Uint8Array> {
    if (this.#buffer.length === 0) await this.#more();
    const chunk = this.#buffer;
    this.#buffer = new Uint8Array(0);
    return chunk;
  }

  /** Puts bytes back that were read by `chunk`. */
  unread(bytes: Uint8Array): void {
    this.#buffer = this.#buffer.length === 0 ? bytes : joined(bytes, this.#buffer);
  }

  async close(): Promise<void> {
    await closeQuietly(this.#socket);
  }

  async #more(): Promise<void> {
    const { value, done } = await within(this.timeout, this.#reader.read()).catch((error) => {
      throw failed("The connection to the mail server was lost", error);
    });
    if (done || !value) throw failed("The mail server closed the connection");
    this.#buffer = this.#buffer.length === 0 ? value : joined(this.#buffer, value);
  }
}

function open(hostname: string, port: number, encryption: Encryption): Socket {
  const secureTransport = encryption === "tls" ? "on" : encryption === "starttls" ? "starttls" : "off";
  const socket = connect({ hostname, port }, { secureTransport, allowHalfOpen: false });
  socket.closed.catch(() => {});
  return socket;
}

async function isReachable(hostname: string, port: number): Promise<boolean> {
  const socket = open(hostname, port, "none");
  const isOpen = await within(3000, socket.opened).then(
    () => true,
    () => false,
  );
  await closeQuietly(socket);
  return isOpen;
}

const closeQuietly = (socket: Socket): Promise<void> => socket.close().catch(() => {});

const untrusted = (cause: unknown): MailError =>
  new MailError(
    "TLS_UNTRUSTED",
    "The certificate of the mail server is not trusted, or is for another name",
    {
      cause,
    },
  );

const mismatch = (message: string): MailError => new MailError("PROTOCOL_MISMATCH", message);

const failed = (message: string, cause?: unknown): MailError =>
  new MailError("CONNECTION_FAILED", message, { cause });

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

/** Waits for a promise no longer than this. The timer ends with it: a pending one keeps a Durable Object awake. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`No answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
