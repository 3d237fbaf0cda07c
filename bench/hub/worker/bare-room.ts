import { DurableObject } from "cloudflare:workers";

/** The least that a chat room can be: it stores a message, and sends it to all sockets. Rooms are compared with it. */
export class BareRoom extends DurableObject<Env> {
  #seq: number;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const { sql } = state.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS messages (seq INTEGER PRIMARY KEY, sender INTEGER, text TEXT, reply_to TEXT, at INTEGER)",
    );
    this.#seq = sql.exec<{ seq: number }>("SELECT coalesce(max(seq), 0) AS seq FROM messages").one().seq;
  }

  override fetch(request: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(Number(new URL(request.url).searchParams.get("user")));
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, raw: string): void {
    const { message, client_id } = JSON.parse(raw) as { message: string; client_id: string };
    const sender = socket.deserializeAttachment() as number;
    const at = Date.now();
    const seq = ++this.#seq;
    this.ctx.storage.sql.exec("INSERT INTO messages VALUES (?, ?, ?, NULL, ?)", seq, sender, message, at);
    const event = JSON.stringify({
      ...{ type: "chat_message", seq, id: crypto.randomUUID(), room: "bare", client_id },
      sender: { id: sender, username: `user${sender}`, full_name: `User ${sender}`, profile_picture: null },
      ...{ text: message, reply_to: null, attachments: [], is_edited: false },
      created_at: new Date(at).toISOString(),
    });
    for (const each of this.ctx.getWebSockets()) {
      try {
        each.send(event);
      } catch {
        each.close(1011);
      }
    }
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close(1000);
  }
}
