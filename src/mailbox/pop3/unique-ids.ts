import { toHex } from "../../lib/hex.ts";
import { headersOf } from "../mime/headers.ts";
import type { PopClient } from "./client.ts";
import { mismatch } from "./reply.ts";

/** In bytes. */
const MAX_HEADER = 256 * 1024;

/** Fields in which old servers keep what has been read. */
const CHANGING = /^(status|x-status|x-uidl|x-keywords|content-length)$/i;

/**
 * The unique id of each mail, by number: the server's, else a hash of its header.
 * @throws MailError PROTOCOL_MISMATCH if the server can give neither
 */
export async function idsOf(client: PopClient, sizes: Map<number, number>): Promise<Map<number, string>> {
  const ids = (await client.ids()) ?? new Map<number, string>();
  if (ids.size > 0) return ids;
  for (const number of sizes.keys()) ids.set(number, await hashOf(client, number));
  return ids;
}

async function hashOf(client: PopClient, number: number): Promise<string> {
  const header = await client.header(number, MAX_HEADER);
  if (!header) throw mismatch("The POP3 server has neither UIDL nor TOP");
  const fields = Object.entries(headersOf(header.bytes)).filter(([name]) => !CHANGING.test(name));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(fields)));
  return `hash:${toHex(new Uint8Array(digest))}`;
}
