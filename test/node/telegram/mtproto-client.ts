import { connect, type Socket } from "node:net";
import { ConnectionClosedError } from "@fuman/net";
import {
  IntermediatePacketCodec,
  type IPacketCodec,
  MemoryStorage,
  MtClient,
  networkMiddlewares,
  ObfuscatedPacketCodec,
  tl,
} from "@mtcute/core";
import { addPublicKey, type BasicDcOption } from "@mtcute/core/utils.js";
import type { DataCentre } from "../../../dev/telegram/server.ts";
import { createCrypto } from "../../../dev/telegram/wire/crypto.ts";

/** A socket as mtcute reads it. */
class SocketConnection {
  readonly localAddress = null;
  readonly remoteAddress = null;
  readonly #socket: Socket;
  #rest = Buffer.alloc(0);
  #wake = () => {};
  #isOver = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.#rest.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#rest.length === 0) throw new ConnectionClosedError();
    const count = this.#rest.copy(into);
    this.#rest = this.#rest.subarray(count);
    return count;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) this.#socket.write(Buffer.from(bytes));
  }

  close(): void {
    this.#socket.destroy();
  }
}

const transport = (codec: () => IPacketCodec) => ({
  connect: ({ ipAddress, port }: BasicDcOption) =>
    new Promise<SocketConnection>((resolve, reject) => {
      const socket = connect(port, ipAddress);
      socket.once("connect", () => resolve(new SocketConnection(socket)));
      socket.once("error", reject);
    }),
  packetCodec: codec,
});

/**
 * mtcute's own client, over TCP.
 * @param options.storage of an earlier client, whose key is used again
 */
export function createClient(
  { id, host, port }: Pick<DataCentre, "id" | "host" | "port">,
  publicKey: string,
  options: { storage?: MemoryStorage; codec?: () => IPacketCodec; wantsUpdates?: boolean } = {},
) {
  const crypto = createCrypto();
  addPublicKey(crypto, publicKey);
  const dc = { id, ipAddress: host, port };
  const storage = options.storage ?? new MemoryStorage();
  const client = new MtClient({
    apiId: 1,
    apiHash: "hash",
    crypto,
    storage,
    platform: {
      beforeExit: () => () => {},
      log: () => {},
      getDefaultLogLevel: () => 0,
      getDeviceModel: () => "test",
    },
    transport: transport(options.codec ?? (() => new ObfuscatedPacketCodec(new IntermediatePacketCodec()))),
    defaultDcs: { main: dc, media: dc },
    disableUpdates: !options.wantsUpdates,
    logLevel: 0,
    network: {
      connectionCount: () => 1,
      middlewares: networkMiddlewares.basic({ internalErrors: { maxRetries: 0 } }),
    },
    onError: () => {},
  });

  /** @throws {tl.RpcError} */
  async function call<Method extends tl.RpcMethod>(method: Method): Promise<tl.RpcCallReturn[Method["_"]]> {
    await client.connect();
    const answer = await client.call(method as never, { abortSignal: AbortSignal.timeout(60_000) });
    if (isRpcError(answer)) throw tl.RpcError.fromTl(answer);
    return answer as tl.RpcCallReturn[Method["_"]];
  }

  return {
    client,
    storage,
    call,
    close: async () => {
      await client.disconnect();
      await client.destroy();
    },
  };
}

const isRpcError = (
  answer: unknown,
): answer is { _: "mt_rpc_error"; errorCode: number; errorMessage: string } =>
  typeof answer === "object" && answer !== null && "_" in answer && answer._ === "mt_rpc_error";

/** What a client is refused with, such as `400 PEER_ID_INVALID`. */
export const refusalOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => "no refusal",
    (error) => (error instanceof tl.RpcError ? `${error.code} ${error.text}` : String(error)),
  );
