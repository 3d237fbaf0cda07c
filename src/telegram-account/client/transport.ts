import { connect } from "cloudflare:sockets";
import { ConnectionClosedError } from "@fuman/net";
import {
  type ITelegramConnection,
  ObfuscatedPacketCodec,
  PaddedIntermediatePacketCodec,
  type TelegramTransport,
} from "@mtcute/core";
import { withDeadline } from "../../lib/deadline.ts";

/** How long to wait for a connection, and for its end, in milliseconds. */
const OPEN_MS = 10_000;
const CLOSE_MS = 2_000;

/**
 * TCP connections to Telegram. A new one waits for the end of those that are closing: Telegram destroys a key that two
 * connections use at once.
 */
export class Transport implements TelegramTransport {
  /** How many packets have been given to a connection: a call before the first of them has surely not left. */
  packets = 0;
  readonly #open = new Set<Socket>();
  readonly #closing = new Set<Promise<unknown>>();
  readonly #isAllowed: (host: string) => boolean;
  #isShut = false;

  /** @param isAllowed where to connect at all */
  constructor(isAllowed: (host: string) => boolean) {
    this.#isAllowed = isAllowed;
  }

  readonly packetCodec = () => new ObfuscatedPacketCodec(new PaddedIntermediatePacketCodec());

  readonly connect = async (dc: { ipAddress: string; port: number }): Promise<ITelegramConnection> => {
    await Promise.all(this.#closing);
    if (this.#isShut || !this.#isAllowed(dc.ipAddress)) throw new ConnectionClosedError("Not allowed");
    const address = { hostname: dc.ipAddress, port: dc.port };
    const socket = connect(address, { secureTransport: "off", allowHalfOpen: false });
    socket.closed.catch(() => {});
    this.#open.add(socket);
    try {
      await withDeadline(OPEN_MS, () => socket.opened);
    } catch {
      this.#close(socket);
      throw new ConnectionClosedError("Not opened");
    }
    return this.#connection(socket, address);
  };

  /** Closes all connections, and opens no more. */
  async shut(): Promise<void> {
    this.#isShut = true;
    for (const socket of this.#open) this.#close(socket);
    await Promise.all(this.#closing);
  }

  #close(socket: Socket): void {
    if (!this.#open.delete(socket)) return;
    const closing = withDeadline(CLOSE_MS, () => socket.close())
      .catch(() => {})
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #connection(socket: Socket, { hostname, port }: { hostname: string; port: number }): ITelegramConnection {
    const reader = socket.readable.getReader();
    const writer = socket.writable.getWriter();
    let rest = new Uint8Array();
    let isTagSent = false;
    return {
      localAddress: null,
      remoteAddress: { address: hostname, port },
      /** @throws ConnectionClosedError at the end: for 0 bytes mtcute would ask again, for ever */
      read: async (into) => {
        if (rest.length === 0) rest = await nextOf(reader);
        const length = Math.min(into.length, rest.length);
        into.set(rest.subarray(0, length));
        rest = rest.subarray(length);
        return length;
      },
      write: async (bytes) => {
        if (bytes.length === 0) return;
        // The first bytes are the codec's own.
        if (isTagSent) this.packets++;
        isTagSent = true;
        // mtcute uses its buffer again.
        await writer.write(bytes.slice()).catch(lost);
      },
      close: () => {
        // A read that waits learns of the end at once.
        reader.cancel().catch(() => {});
        this.#close(socket);
      },
    };
  }
}

async function nextOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  for (;;) {
    const { value, done } = await reader.read().catch(lost);
    if (done) return lost();
    if (value.length > 0) return new Uint8Array(value);
  }
}

function lost(): never {
  throw new ConnectionClosedError();
}
