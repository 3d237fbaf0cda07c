import { hmacHex, verifyHmac } from "../../lib/hmac.ts";
import type { Config } from "../config.ts";
import type { UserCtx } from "../context.ts";
import { ownKey } from "../own-key.ts";

/** A signed URL stays the same for six hours, so that it caches, and is good for six to twelve. */
const PERIOD_MS = 6 * 3600_000;

/** The public URL of a file under an unguessable key; null without one. @param origin the module's public base URL */
export const mediaUrl = <Key extends string | null>(origin: string, key: Key) =>
  (key === null ? null : `${origin}/media/${key}`) as Key extends null ? null : string;

/**
 * The URL of a story's file for the viewer, and for nobody else: the viewer is part of what is signed, and the door asks
 * with each request whether this viewer sees the story now. So the owner's URLs go on working in the archive, and all
 * others end after 24 hours, by a block, or when the audience narrows. Expects a viewer who may see the story.
 * @param now in milliseconds since the epoch
 */
export async function signedMediaUrl(ctx: UserCtx, key: string, now = Date.now()): Promise<string> {
  const viewer = String(ctx.user.id);
  const expires = expiryOf(now);
  const signature = await hmacHex(await signingKey(ctx.config), textOf(key, viewer, expires));
  const query = new URLSearchParams({ viewer, expires, signature });
  return `${mediaUrl(ctx.origin, key)}?${query}`;
}

/**
 * The path, with its query, of a file of a chat. It is good for anybody, since one event goes to all members.
 * @param now in milliseconds since the epoch
 */
export async function signedPath(config: Config, key: string, now = Date.now()): Promise<string> {
  const expires = expiryOf(now);
  const signature = await hmacHex(await signingKey(config), textOf(key, "", expires));
  return `${mediaUrl("", key)}?${new URLSearchParams({ expires, signature })}`;
}

const expiryOf = (now: number): string => String(((Math.floor(now / PERIOD_MS) + 2) * PERIOD_MS) / 1000);

/** The query of a signed URL, as a request has it. */
export interface Signed {
  viewer?: string | undefined;
  expires?: string | undefined;
  signature?: string | undefined;
}

/** Verifies a URL that `signedMediaUrl` has made. @returns the id of its viewer; null when it is forged or has expired */
export async function viewerOf(config: Config, key: string, query: Signed): Promise<number | null> {
  const { viewer = "" } = query;
  return /^\d{1,15}$/.test(viewer) && (await isValid(config, key, query)) ? Number(viewer) : null;
}

/** Whether `signedPath` has made a URL, and it has not expired. */
export const isSigned = async (config: Config, key: string, query: Signed): Promise<boolean> =>
  query.viewer === undefined && (await isValid(config, key, query));

async function isValid(config: Config, key: string, query: Signed): Promise<boolean> {
  const { viewer = "", expires = "", signature = "" } = query;
  if (!/^\d{1,12}$/.test(expires) || Number(expires) * 1000 <= Date.now()) return false;
  const text = new TextEncoder().encode(textOf(key, viewer, expires));
  return verifyHmac(await signingKey(config), text, signature);
}

const textOf = (...parts: string[]): string => parts.join("\n");

const signingKey = (config: Config): Promise<string> => ownKey(config, "media");
