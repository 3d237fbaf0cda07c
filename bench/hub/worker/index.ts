import { ChatRoom as Room } from "../../../src/index.ts";
import metered from "../../units/worker/index.ts";
import { during } from "../../units/worker/meter.ts";
import { meteredEnv } from "../../units/worker/metered-env.ts";
import { BARE_PATH, type Filling, ROOMS_PATH } from "../contract.ts";
import type { BareRoom } from "./bare-room.ts";
import { meter, meterStorage, readMeter, resetMeter } from "./meter.ts";

export { CompanyHub, RateWindow, TelegramMailing } from "../../units/worker/index.ts";
export { BareRoom } from "./bare-room.ts";

interface BenchEnv extends Env {
  CHAT_ROOM: DurableObjectNamespace<ChatRoom>;
  BARE_ROOM: DurableObjectNamespace<BareRoom>;
}

/** A room whose starts and rows are counted. */
export class ChatRoom extends Room {
  constructor(state: DurableObjectState, env: Env) {
    meterStorage(state.storage);
    super(state, meteredEnv(env));
    meter.starts++;
  }

  override alarm(): Promise<void> {
    return during(() => super.alarm()).finally(() => {
      meter.alarms++;
    });
  }

  /** Adds messages as `MessageLog.add` does, and ends this Object, which has not read them. */
  async fill({ key, messages, senders }: Filling): Promise<void> {
    const { storage } = this.ctx;
    storage.kv.put("key", key);
    storage.sql.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO messages (seq, number, sender, text, at)
       SELECT i, i, 1 + i % ?, 'Message ' || i || ' of middling length.', 1700000000000 + i FROM n`,
      messages,
      senders,
    );
    await storage.sync();
    this.ctx.abort("The room is filled");
  }
}

/** The metered Worker, with a meter of rooms and a bare room. */
export default {
  async fetch(request, env, execution) {
    const { pathname } = new URL(request.url);
    if (pathname === ROOMS_PATH) return control(request, env);
    if (pathname.startsWith(BARE_PATH)) return env.BARE_ROOM.getByName(pathname).fetch(request);
    return metered.fetch(request, env, execution);
  },
  queue: metered.queue,
} satisfies ExportedHandler<BenchEnv>;

async function control(request: Request, env: BenchEnv): Promise<Response> {
  if (request.method === "DELETE") resetMeter(new URL(request.url).searchParams.has("counting"));
  if (request.method === "POST") {
    const filling: Filling = await request.json();
    await env.CHAT_ROOM.getByName(filling.room)
      .fill(filling)
      .catch((error: unknown) => {
        if (!String(error).includes("The room is filled")) throw error;
      });
  }
  return Response.json(readMeter());
}
