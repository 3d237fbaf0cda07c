import { RefusedFile, Source } from "../../lib/byte-source.ts";
import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { toHex } from "../../lib/hex.ts";
import type { Part } from "../../lib/multipart.ts";
import { sql } from "../../platform/d1/sql.ts";
import { insertInto } from "../../platform/d1/write.ts";
import { createPartBuffer, putChunks } from "../../platform/put-chunks.ts";
import type { Ctx, UserCtx } from "../context.ts";
import { countUse } from "../limits.ts";
import type { files } from "../schema/files.ts";
import { type FileKind, TERMS } from "./kinds.ts";
import { objectOf } from "./rows.ts";
import { type Family, type FileType, HEAD_BYTES, typeOf } from "./strip/types.ts";

/** What a file turned out to be. */
type Sort = Pick<FileType, "name" | "family">;

/** A file in R2 that no row refers to yet. */
export class StoredFile {
  readonly key: string;
  /** By its bytes. */
  readonly contentType: string;
  readonly family: Family;
  /** In bytes. */
  readonly size: number;
  /** The SHA-256 of what is stored, in hex. Empty but for files of chats. */
  readonly digest: string;

  constructor(key: string, { name, family }: Sort, size: number, digest: string) {
    this.key = key;
    this.contentType = name;
    this.family = family;
    this.size = size;
    this.digest = digest;
  }
}

/**
 * Stores a file of a form in R2, without metadata such as positions. Its type is that of its bytes: the name and the type
 * that the caller gives count for nothing. It goes after a day unless `useFile` is called for it.
 * @throws ServiceError invalid, on the part's field, for an empty or damaged file, a wrong type or a wrong size;
 *   rate_limited
 */
export async function storeFile(ctx: UserCtx, part: Part, kind: FileKind): Promise<StoredFile> {
  await countUse(ctx, "uploads", String(ctx.user.id));
  const { maxBytes, types, sentence } = TERMS[kind];
  const source = new Source(limited(part.body, maxBytes, sentence));
  try {
    const head = await source.peek(HEAD_BYTES);
    if (head.length === 0) throw new RefusedFile("The submitted file is empty.");
    const type = typeOf(head, types());
    if (!type) throw new RefusedFile(sentence);
    return await putFile(ctx, source, kind, type);
  } catch (error) {
    throw error instanceof RefusedFile ? badField(part.name, error.message) : error;
  }
}

async function putFile(ctx: UserCtx, source: Source, kind: FileKind, type: FileType): Promise<StoredFile> {
  const { db, env, user } = ctx;
  const key = toHex(crypto.getRandomValues(new Uint8Array(16)));
  const row = { key, owner_id: user.id, kind, content_type: type.name, size: 0, created_at: Date.now() };
  // Before the object: whatever breaks off is found by this row, and removed after a day.
  await db.run(insertInto<typeof files>("hub_files", row));
  const sort: Sort = { name: type.name, family: type.family };
  const chunks = stripped(source, type, sort);
  const hash = kind === "chat" ? new crypto.DigestStream("SHA-256") : null;
  const hashed = hash ? hashing(chunks, hash) : chunks;
  const size = await putChunks(env.ATTACHMENTS, objectOf(key), hashed, bufferOf(ctx));
  const kept = await db.all(sql`
    UPDATE hub_files SET size = ${size}, content_type = ${sort.name}
    WHERE key = ${key} AND deleted_at IS NULL RETURNING key`);
  if (kept.length === 0) {
    // Meanwhile the account has been deleted, with the rows of its files.
    await env.ATTACHMENTS.delete(objectOf(key));
    throw notFound("User");
  }
  return new StoredFile(key, sort, size, hash ? toHex(new Uint8Array(await hash.digest)) : "");
}

/**
 * The file without its metadata. The form goes on after the end of its part, so the part is read to its end.
 * @param sort changed for a video that turns out to have no picture
 */
async function* stripped(source: Source, type: FileType, sort: Sort): AsyncGenerator<Uint8Array, void> {
  const isSound = yield* type.strip(source);
  await source.skip(Number.POSITIVE_INFINITY);
  if (isSound === true && type.sound) Object.assign(sort, { name: type.sound, family: "voice" });
}

/** Passes chunks on to a digest, too, one at a time. */
async function* hashing(
  chunks: AsyncGenerator<Uint8Array, void>,
  hash: DigestStream,
): AsyncGenerator<Uint8Array, void> {
  const writer = hash.getWriter();
  for await (const chunk of chunks) {
    await writer.write(chunk);
    yield chunk;
  }
  await writer.close();
}

async function* limited(
  chunks: AsyncGenerator<Uint8Array, void>,
  maxBytes: number,
  sentence: string,
): AsyncGenerator<Uint8Array, void> {
  let left = maxBytes;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0) throw new RefusedFile(sentence);
    yield chunk;
  }
}

const buffers = new WeakMap<Ctx, Uint8Array>();

/** One for all files of a request, which come one after the other. */
function bufferOf(ctx: Ctx): Uint8Array {
  const buffer = buffers.get(ctx) ?? createPartBuffer();
  buffers.set(ctx, buffer);
  return buffer;
}
