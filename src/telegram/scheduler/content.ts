import { log } from "../../platform/log.ts";
import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { Media } from "../../telegram-account/contract.ts";
import type { Change, ContentChange } from "./contract.ts";
import { mailingOf, mediaOf } from "./rows.ts";
import { showMailing } from "./settings.ts";
import type { Scheduler } from "./state.ts";

/** The most characters of a text beside an image or a video, in UTF-16 units. */
const MAX_CAPTION = 1024;
/** For how long a file is kept that nothing posts. */
const KEPT_MS = 3_600_000;
/** Files at a time. Each takes up to 50 MB, for an hour. */
const MOST_FILES = 20;
/** Of the last runs, some may not have ended. */
const LAST_RUNS = 3;

/**
 * Announces a file before it is stored, so that it goes if nothing comes of it.
 * @returns false when too many wait to go
 */
export function expectFile(scheduler: Scheduler, key: string): boolean {
  const waiting = rowOf<{ files: number }>(scheduler, "SELECT count(*) AS files FROM files")?.files ?? 0;
  if (waiting >= MOST_FILES) return false;
  scheduler.sql.exec("INSERT OR REPLACE INTO files (key, at) VALUES (?, ?)", key, Date.now());
  return true;
}

/** Changes the text, image or video. A new image takes the place of a video, and the reverse. */
export function changeContent(scheduler: Scheduler, change: ContentChange): Change {
  const row = mailingOf(scheduler);
  const before = mediaOf(row.media);
  const text = change.text ?? row.text;
  const media = mediaAfter(before, change);
  if (media && text.length > MAX_CAPTION) return { ok: false, code: "content" };
  // The object of a user that has been deleted meanwhile has never heard of the file.
  if (media && media.key !== before?.key && !isExpected(scheduler, media.key))
    return { ok: false, code: "gone" };
  scheduler.sql.exec("UPDATE mailing SET text = ?, media = ?", text, media && JSON.stringify(media));
  return { ok: true, mailing: showMailing(scheduler) };
}

function mediaAfter(before: Media | null, { media }: ContentChange): Media | null {
  if (!media) return before;
  if ("key" in media) return media;
  return before && media.remove.includes(before.kind) ? null : before;
}

const isExpected = (scheduler: Scheduler, key: string): boolean =>
  rowOf(scheduler, "SELECT 1 FROM files WHERE key = ? AND at > ?", key, Date.now() - KEPT_MS) !== undefined;

/** Files that neither the mailing nor a run posts, the oldest first. */
function unused(scheduler: Scheduler): { key: string; at: number }[] {
  const others = rowsOf<{ key: string; at: number }>(
    scheduler,
    `SELECT key, at FROM files WHERE key IS NOT (SELECT json_extract(media, '$.key') FROM mailing) ORDER BY at`,
  );
  if (others.length === 0) return [];
  const posted = rowsOf<{ key: string | null }>(
    scheduler,
    `SELECT json_extract(media, '$.key') AS key
    FROM (SELECT media, ended_at FROM runs ORDER BY id DESC LIMIT ${LAST_RUNS}) WHERE ended_at IS NULL`,
  );
  return others.filter(({ key }) => posted.every((run) => run.key !== key));
}

/** When the next file goes, in milliseconds since the epoch; null without any. */
export function sweepsAt(scheduler: Scheduler): number | null {
  const [oldest] = unused(scheduler);
  return oldest ? oldest.at + KEPT_MS : null;
}

/** Removes the files that nothing has posted for an hour. */
export async function sweepFiles(scheduler: Scheduler): Promise<void> {
  const keys = unused(scheduler).flatMap(({ key, at }) => (at + KEPT_MS <= Date.now() ? [key] : []));
  if (keys.length === 0) return;
  const those = "WHERE key IN (SELECT value FROM json_each(?))";
  try {
    await scheduler.ctx.env.ATTACHMENTS.delete(keys);
    scheduler.sql.exec(`DELETE FROM files ${those}`, JSON.stringify(keys));
  } catch (error) {
    log("error", "sweep.failed", { module: "telegram", error });
    // Again in an hour.
    scheduler.sql.exec(`UPDATE files SET at = ? ${those}`, Date.now(), JSON.stringify(keys));
  }
}
