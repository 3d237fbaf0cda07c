import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type SecureContext, TLSSocket } from "node:tls";
import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";

/** No command of a client has a longer line, apart from its literals. */
const MAX_LINE = 1024 * 1024;

/** The client has gone, or was cut off. */
export class Disconnected extends Error {}

/** A client's connection: lines and bytes in, text and bytes out, TLS and compression on the way. */
export class Connection {
  readonly #socket: Socket;
  #stream: Duplex;
  #deflate: ReturnType<typeof createDeflateRaw> | undefined;
  #chunks: Buffer[] = [];
  #isEnded = false;
  #wake = () => {};
  #isMuted = false;
  #replacements: { pattern: RegExp; by: string }[] = [];
  /** Bytes that may still be sent. */
  #left = Number.POSITIVE_INFINITY;
  /** The most bytes of a packet; null for no limit. */
  packetSize: number | null = null;
  isSecure: boolean;
  /** In bytes, before compression. */
  received = 0;
  sent = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#stream = socket;
    this.isSecure = socket instanceof TLSSocket;
    socket.setNoDelay(true);
    this.#listen(socket);
  }

  get isClosed(): boolean {
    return this.#isEnded;
  }

  /** Reads a line. @returns it without its end. @throws Disconnected */
  async line(): Promise<Buffer> {
    for (let from = 0; ; ) {
      const all = this.#joined();
      const end = all.indexOf(10, from);
      if (end >= 0) {
        this.#chunks = [all.subarray(end + 1)];
        return all.subarray(0, all[end - 1] === 13 ? end - 1 : end);
      }
      if (all.length > MAX_LINE) throw new Disconnected("A line is too long");
      from = all.length;
      await this.#more();
    }
  }

  /** Reads exactly this many bytes. @throws Disconnected */
  async bytes(count: number): Promise<Buffer> {
    while (this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0) < count) await this.#more();
    const all = this.#joined();
    this.#chunks = [all.subarray(count)];
    return all.subarray(0, count);
  }

  /** Sends text, a byte for each character, or bytes. After the client has gone it does nothing. */
  write(data: string | Buffer): void {
    if (this.#isMuted || this.#isEnded) return;
    const bytes = this.#rewritten(typeof data === "string" ? Buffer.from(data, "latin1") : data);
    const part = bytes.subarray(0, this.#left);
    this.#left -= part.length;
    this.sent += part.length;
    const size = this.packetSize ?? part.length;
    for (let at = 0; at < part.length; at += size) this.#send(part.subarray(at, at + size));
    if (this.#left <= 0) this.close();
  }

  #rewritten(bytes: Buffer): Buffer {
    if (this.#replacements.length === 0) return bytes;
    const text = this.#replacements.reduce(
      (changed, { pattern, by }) => changed.replace(pattern, by),
      bytes.toString("latin1"),
    );
    return Buffer.from(text, "latin1");
  }

  #send(bytes: Buffer): void {
    if (!this.#deflate) return void this.#stream.write(bytes);
    this.#deflate.write(bytes);
    this.#deflate.flush(constants.Z_SYNC_FLUSH);
  }

  /** Cuts the connection after this many more bytes. */
  cutAfter(bytes: number): void {
    this.#left = bytes;
  }

  /** Does the work without sending anything. */
  async muted(work: () => Promise<unknown>): Promise<void> {
    this.#isMuted = true;
    await work().finally(() => {
      this.#isMuted = false;
    });
  }

  /** Does the work, and changes what it sends. */
  async rewriting(
    replacements: { pattern: string; by: string }[],
    work: () => Promise<unknown>,
  ): Promise<void> {
    this.#replacements = replacements.map(({ pattern, by }) => ({ pattern: new RegExp(pattern, "g"), by }));
    await work().finally(() => {
      this.#replacements = [];
    });
  }

  /** Repeats a line as fast as the client takes it, until it goes. */
  async flood(line: string): Promise<never> {
    const lines = Buffer.from(line.repeat(1000), "latin1");
    while (!this.#isEnded) {
      if (this.#stream.write(lines)) await new Promise(setImmediate);
      else await Promise.race([once(this.#stream, "drain"), once(this.#stream, "close")]).catch(() => {});
    }
    throw new Disconnected("The client has gone");
  }

  /** Goes on with TLS. What the client has sent in clear after its command is dropped: an attacker may have put it there. */
  async startTls(secureContext: SecureContext): Promise<void> {
    this.#chunks = [];
    this.#socket.removeAllListeners("data");
    const secure = new TLSSocket(this.#socket, { isServer: true, secureContext });
    this.#stream = secure;
    this.isSecure = true;
    this.#listen(secure);
    await new Promise<void>((resolve, reject) => {
      secure.once("secure", resolve);
      secure.once("close", () => reject(new Disconnected("The TLS handshake failed")));
    });
  }

  /** Goes on with DEFLATE in both directions (RFC 4978). */
  compress(): void {
    const inflate = createInflateRaw();
    const deflate = createDeflateRaw();
    const early = this.#joined();
    this.#chunks = [];
    this.#stream.removeAllListeners("data");
    this.#stream.on("data", (chunk: Buffer) => inflate.write(chunk));
    deflate.on("data", (chunk: Buffer) => this.#stream.write(chunk));
    this.#deflate = deflate;
    inflate.on("error", () => this.close());
    this.#take(inflate);
    if (early.length > 0) inflate.write(early);
  }

  close(): void {
    this.#end();
    this.#socket.destroySoon();
  }

  /** Reads nothing and says nothing any more, until the client goes. */
  async hang(): Promise<never> {
    this.#isMuted = true;
    while (!this.#isEnded) await this.#more();
    throw new Disconnected("The client has gone");
  }

  #listen(stream: Duplex): void {
    this.#take(stream);
    for (const end of ["end", "close", "error"]) stream.on(end, () => this.#end());
  }

  #take(stream: Duplex): void {
    stream.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.received += chunk.length;
      this.#wake();
    });
  }

  #end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  #joined(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }

  async #more(): Promise<void> {
    if (this.#isEnded) throw new Disconnected("The client has gone");
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
