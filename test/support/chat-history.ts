import type { ChatEvent } from "./chat.ts";
import type { Person } from "./hub-client.ts";

/** A message, as a client keeps it. */
export interface Kept {
  id: string;
  sender: number;
  text: string;
  reply_to: string | null;
  files: number[];
  is_edited: boolean;
  created_at: string;
  update_at: string;
  is_hidden: boolean;
}

export const keep = ({ id, sender, text, reply_to, attachments, ...rest }: ChatEvent): Kept => ({
  ...{ id, sender: sender.id, text, reply_to },
  files: attachments.map((file: { id: number }) => file.id),
  ...{ is_edited: rest.is_edited, created_at: rest.created_at, update_at: rest.update_at },
  is_hidden: rest.is_hidden === true,
});

/** What all clients of a room were told, by position: the same for all. */
export class Ledger {
  readonly messages = new Map<string, { seq: number; sender: number }>();
  readonly #told = new Map<number, string>();

  /** @returns false if somebody was told something else of this position */
  note({ seq = 0, type, id, sender }: ChatEvent): boolean {
    const what = `${type} ${id}`;
    const known = this.#told.get(seq) ?? what;
    this.#told.set(seq, known);
    if (type === "chat_message") this.messages.set(id, { seq, sender: sender.id });
    return known === what;
  }
}

/** Reads a room's whole history as somebody sees it, the oldest message first. */
export async function fetchHistory(
  person: Person,
  room: string,
): Promise<{ seq: number; count: number; messages: Kept[] }> {
  const messages: Kept[] = [];
  let first: { seq: number; count: number } | undefined;
  for (let before = ""; ; ) {
    const path = `/api/chat/message/${room}/list_by_room/?limit=100${before}`;
    const { status, body, headers } = await person.call("GET", path);
    if (status !== 200) throw new Error(`The history is ${status}`);
    first ??= { seq: Number(headers.get("x-chat-seq")), count: body.count };
    messages.push(...body.results.map(keep));
    if (body.results.length < 100) return { ...first, messages: messages.reverse() };
    before = `&before=${body.results.at(-1).id}`;
  }
}
