import { MtClient, networkMiddlewares, type tl } from "@mtcute/core";
import { addPublicKey, isTlRpcError } from "@mtcute/core/utils.js";
import { withDeadline } from "../../lib/deadline.ts";
import type { AccountContext } from "../context.ts";
import { NoAnswer, TelegramError } from "../errors.ts";
import { type Settings, settingsOf } from "../settings.ts";
import { createCrypto } from "./crypto.ts";
import { platform } from "./platform.ts";
import { openStorage } from "./storage.ts";
import { Transport } from "./transport.ts";

/** How long mtcute may take to end, in milliseconds. What is left of it is cut off from the network and the storage. */
const END_MS = 2_000;

/** Telegram's answers that asking again would not change, though their code is that of a breakdown. */
const NOT_REPEATED = ["RANDOM_ID_DUPLICATE", "AUTH_RESTART"];

/** A client of mtcute, with one connection. */
export interface Client {
  /** @throws TelegramError, NoAnswer */
  call<Method extends tl.RpcMethod>(
    method: Method,
    timeoutMs: number,
  ): Promise<tl.RpcCallReturn[Method["_"]]>;
  /** Ends it: calls without an answer fail, and the connection is closed at the end. It never throws. */
  close(): Promise<void>;
}

/**
 * Opens the account's session. It connects by itself, and again after a loss.
 * @throws Refused `unavailable`
 */
export async function openClient(account: Pick<AccountContext, "sql" | "env" | "phone">): Promise<Client> {
  const settings = settingsOf(account.env);
  let isClosed = false;
  const storage = await openStorage(account, settings, () => !isClosed);
  const transport = new Transport((host) => isAllowed(settings, host));
  const mtcute = createMtcute(settings, storage, transport);
  const running = new Set<() => void>();
  await mtcute.connect();

  async function call<Method extends tl.RpcMethod>(method: Method, timeoutMs: number) {
    const before = transport.packets;
    const abort = new AbortController();
    const { promise: failed, reject } = Promise.withResolvers<never>();
    const fail = () => {
      reject(new NoAnswer(transport.packets !== before));
      abort.abort();
    };
    const timer = setTimeout(fail, timeoutMs);
    running.add(fail);
    try {
      const asked = mtcute.network.call(method, { abortSignal: abort.signal }).catch((cause) => {
        throw new NoAnswer(transport.packets !== before, { cause });
      });
      const result = await Promise.race([asked, failed]);
      if (isTlRpcError(result)) throw toError(result.errorCode, result.errorMessage);
      return result;
    } finally {
      clearTimeout(timer);
      running.delete(fail);
    }
  }

  async function close(): Promise<void> {
    isClosed = true;
    for (const fail of running) fail();
    const ended = mtcute.disconnect().then(() => mtcute.destroy());
    await transport.shut();
    await withDeadline(END_MS, () => ended).catch(() => {});
  }

  return { call, close };
}

function createMtcute(
  { apiId, apiHash, standIn }: Settings,
  storage: Awaited<ReturnType<typeof openStorage>>,
  transport: Transport,
): MtClient {
  const crypto = createCrypto();
  if (standIn) addPublicKey(crypto, standIn.publicKey);
  const dc = standIn && { id: 2, ipAddress: standIn.host, port: standIn.port };
  return new MtClient({
    apiId,
    apiHash,
    crypto,
    platform,
    storage,
    transport,
    ...(dc ? { defaultDcs: { main: dc, media: dc } } : {}),
    disableUpdates: true,
    logLevel: 0,
    // What goes wrong on a connection ends in a call's error, or is mended by connecting again.
    onError: () => {},
    // What the account's owner sees in Telegram's list of sessions.
    initConnectionOptions: { deviceModel: "Xabar", systemVersion: "auto-mailing", appVersion: "1.0" },
    network: {
      // A second connection of one key ends the session.
      connectionCount: () => 1,
      middlewares: networkMiddlewares.basic({
        // Waits are the caller's. Stored, the wait of one group would hold up all others.
        floodWaiter: { maxWait: 0, store: false },
        internalErrors: { maxRetries: 2, exceptErrors: NOT_REPEATED },
      }),
    },
  });
}

/** Security: with a stand-in nothing else is asked, whatever data centre an earlier session has stored. */
const isAllowed = ({ standIn }: Settings, host: string): boolean =>
  !standIn || host === standIn.host || host === "127.0.0.1";

/** @param message such as FLOOD_WAIT_30 */
function toError(code: number, message: string): TelegramError {
  const [, text = "", number] = /^([A-Z][A-Z0-9_]{0,63}?)(?:_(\d{1,9}))?$/.exec(message) ?? [];
  return new TelegramError(code, text || "UNKNOWN", number === undefined ? undefined : Number(number));
}
