import { sha256Hex } from "../../lib/hmac.ts";
import { log } from "../../lib/log.ts";
import type { Ctx } from "../context.ts";

/** D1 refuses a row over 2 MB and charges 50 times what R2 does for keeping it. */
const INLINE_BYTES = 64 * 1024;

export interface Body {
  body_html: string | null;
  body_text: string | null;
}

/** Where a body lies: in the row, or in R2 under a key. */
export interface BodyColumns extends Body {
  body_key: string | null;
}

/**
 * Puts a body where it belongs. A large one is in R2 when this returns, before the row that refers to it.
 * @param owner what makes the key unique: `company/account/provider message`
 */
export async function storeBody({ env }: Ctx, owner: string[], body: Body): Promise<BodyColumns> {
  const json = JSON.stringify(body);
  const bytes = new TextEncoder().encode(json);
  if (bytes.length <= INLINE_BYTES) return { ...body, body_key: null };
  // Named after its content: a repetition writes the same bytes again, and no version overwrites another.
  const key = `bodies/${owner.map(encodeURIComponent).join("/")}/${await sha256Hex(json)}.json`;
  await env.ATTACHMENTS.put(key, bytes, { httpMetadata: { contentType: "application/json" } });
  return { body_html: null, body_text: null, body_key: key };
}

/** The whole body of a message, wherever it lies. */
export async function loadBody({ env }: Ctx, columns: BodyColumns): Promise<Body> {
  if (columns.body_key === null) return columns;
  const object = await env.ATTACHMENTS.get(columns.body_key);
  if (object) return await object.json<Body>();
  log("error", "body.missing", { key: columns.body_key });
  return { body_html: null, body_text: null };
}
