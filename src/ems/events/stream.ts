import type { CurrentUser } from "../../auth/token.ts";
import { log } from "../../lib/log.ts";
import { encodeEvent, KEEPALIVE } from "../../lib/sse.ts";
import type { Ctx } from "../context.ts";
import { type LoggedEvent, toEventData } from "./log.ts";

const KEEPALIVE_MS = 15_000;
/** A client that leaves this many bytes unread is closed, to reconnect, rather than skipped or buffered for. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** setTimeout fires at once for anything longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** A Worker may have six connections opening at a time. */
const JOINS_AT_A_TIME = 6;

/**
 * The live stream of a user's companies, as Server-Sent Events. It lasts until the client goes, cannot keep up,
 * or the token expires.
 */
export function openStream(ctx: Ctx, user: CurrentUser): ReadableStream<Uint8Array> {
  const sockets: WebSocket[] = [];
  let keepalive: ReturnType<typeof setTimeout> | null = null;
  let expiry: ReturnType<typeof setTimeout> | null = null;
  let isOpen = true;

  const release = () => {
    isOpen = false;
    clearTimeout(keepalive);
    clearTimeout(expiry);
    for (const socket of sockets) socket.close(1000);
  };

  return new ReadableStream<Uint8Array>(
    {
      async start(controller) {
        const end = () => {
          if (!isOpen) return;
          release();
          controller.close();
        };
        const write = (bytes: Uint8Array) => {
          if (!isOpen) return;
          if ((controller.desiredSize ?? 0) <= 0) return end();
          controller.enqueue(bytes);
          clearTimeout(keepalive);
          keepalive = setTimeout(() => write(KEEPALIVE), KEEPALIVE_MS);
        };
        write(KEEPALIVE); // so that the headers leave
        expiry = setTimeout(end, Math.min(user.exp * 1000 - Date.now(), MAX_TIMER_MS));
        try {
          // Joined before "connected": whoever has seen it misses nothing that happens from then on.
          await joinAll(ctx, user, (socket) => {
            sockets.push(socket);
            if (!isOpen) return socket.close(1000);
            socket.addEventListener("message", ({ data }) => write(toSse(JSON.parse(String(data)))));
            socket.addEventListener("close", end);
            socket.addEventListener("error", end);
          });
          write(encodeEvent("connected", { message: "connected", user_id: user.user_id }));
        } catch (error) {
          log("error", "stream.not_joined", { error });
          end();
        }
      },
      cancel: release,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }),
  );
}

const toSse = (event: LoggedEvent): Uint8Array => encodeEvent(event.type, toEventData(event));

async function joinAll(ctx: Ctx, user: CurrentUser, onSocket: (socket: WebSocket) => void): Promise<void> {
  for (let start = 0; start < user.companies.length; start += JOINS_AT_A_TIME) {
    const companies = user.companies.slice(start, start + JOINS_AT_A_TIME);
    await Promise.all(companies.map(async (company) => onSocket(await join(ctx, user, company))));
  }
}

async function join({ env }: Ctx, user: CurrentUser, company: number): Promise<WebSocket> {
  const hub = env.COMPANY_HUB.get(env.COMPANY_HUB.idFromName(String(company)));
  const url = `https://hub/?company=${company}&user=${user.user_id}`;
  const { webSocket } = await hub.fetch(url, { headers: { upgrade: "websocket" } });
  if (!webSocket) throw new Error(`The hub of company ${company} did not accept`);
  webSocket.accept();
  return webSocket;
}
