import { Long, type tl } from "@mtcute/core";
import { rowOf } from "../../platform/rows.ts";
import type { AccountContext } from "../context.ts";
import type { Media } from "../contract.ts";
import { Refused } from "../errors.ts";
import { uploadFile } from "./upload.ts";

interface FileRow extends Record<string, SqlStorageValue> {
  kind: "photo" | "document";
  file_id: string;
  access_hash: string;
  file_reference: ArrayBuffer;
}

/** A file that is on its way: a second post with it waits for the same. */
const uploads = new WeakMap<DurableObjectStorage, { key: string; row: Promise<FileRow> }>();

/**
 * Names a file to Telegram, as a post needs it. The first post with it uploads it; those that follow share it, until
 * the account posts another.
 * @throws TelegramError, NoAnswer; Refused `content`, `unavailable`
 */
export async function fileOf(
  account: AccountContext,
  media: Media,
): Promise<tl.RawInputMediaPhoto | tl.RawInputMediaDocument> {
  const row = rowOf<FileRow>(
    account,
    "SELECT kind, file_id, access_hash, file_reference FROM media WHERE key = ?",
    media.key,
  );
  return toInput(row ?? (await uploadOnce(account, media)));
}

/** Has the next post upload its file again. */
export function forgetFile({ sql }: AccountContext): void {
  sql.exec("DELETE FROM media");
}

function uploadOnce(account: AccountContext, media: Media): Promise<FileRow> {
  const running = uploads.get(account.storage);
  if (running?.key === media.key) return running.row;
  const row = upload(account, media).finally(() => uploads.delete(account.storage));
  uploads.set(account.storage, { key: media.key, row });
  return row;
}

/** Uploads the file into the account's own cloud, where it has a name for all posts. */
async function upload(account: AccountContext, media: Media): Promise<FileRow> {
  const file = await uploadFile(account, media);
  const taken = await account.call({
    _: "messages.uploadMedia",
    peer: { _: "inputPeerSelf" },
    media: media.kind === "image" ? { _: "inputMediaUploadedPhoto", file } : videoOf(file, media),
  });
  const row = rowFor(taken);
  account.storage.transactionSync(() => {
    forgetFile(account);
    account.sql.exec(
      "INSERT INTO media (key, kind, file_id, access_hash, file_reference) VALUES (?, ?, ?, ?, ?)",
      media.key,
      row.kind,
      row.file_id,
      row.access_hash,
      row.file_reference,
    );
  });
  return row;
}

function videoOf(file: tl.TypeInputFile, { type, width, height, duration }: Media): tl.TypeInputMedia {
  return {
    _: "inputMediaUploadedDocument",
    file,
    mimeType: type,
    // Else a video without sound becomes an animation.
    nosoundVideo: true,
    attributes: [
      { _: "documentAttributeVideo", supportsStreaming: true, duration, w: width, h: height },
      { _: "documentAttributeFilename", fileName: "video.mp4" },
    ],
  };
}

/** @throws Refused `content` if Telegram has made something else of the file */
function rowFor(taken: tl.TypeMessageMedia): FileRow {
  if (taken._ === "messageMediaPhoto" && taken.photo?._ === "photo") return row("photo", taken.photo);
  if (taken._ === "messageMediaDocument" && taken.document?._ === "document")
    return row("document", taken.document);
  throw new Refused("content", "media_not_taken");
}

const row = (
  kind: FileRow["kind"],
  { id, accessHash, fileReference }: tl.RawPhoto | tl.RawDocument,
): FileRow => ({
  kind,
  file_id: `${id}`,
  access_hash: `${accessHash}`,
  file_reference: fileReference.slice().buffer,
});

function toInput(row: FileRow): tl.RawInputMediaPhoto | tl.RawInputMediaDocument {
  const named = {
    id: Long.fromString(row.file_id),
    accessHash: Long.fromString(row.access_hash),
    fileReference: new Uint8Array(row.file_reference),
  };
  return row.kind === "photo"
    ? { _: "inputMediaPhoto", id: { _: "inputPhoto", ...named } }
    : { _: "inputMediaDocument", id: { _: "inputDocument", ...named } };
}
