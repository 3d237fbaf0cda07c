import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Api } from "../../ops/export/api.ts";
import { openFolder } from "../../ops/export/files.ts";
import { exportCompany } from "../../ops/export/run.ts";

const SIZE = 2;
const LISTED = 5;

/** A list of five, in pages of two. A page has its list in the ids of its items. */
function pageOf(path: string) {
  const url = new URL(path, "https://xabar.test");
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const ids = Array.from({ length: Math.min(SIZE, LISTED - from) }, (_, at) => from + at);
  const list = `${url.pathname} ${url.searchParams.get("account_id")} ${url.searchParams.get("is_archived")}`;
  const next = from + SIZE;
  return {
    items: ids.map((id) => ({ id: `${list} ${id}` })),
    next_cursor: next < LISTED ? String(next) : null,
  };
}

const api: Api = {
  get: async <T>(path: string) => {
    if (path.startsWith("/accounts/")) return [1, 2].map((id) => ({ id: String(id), company_id: 1 })) as T;
    if (path.startsWith("/companies/")) return [{ id: 1 }] as T;
    // Mails are files of their own.
    return (path.startsWith("/messages/") ? { items: [], next_cursor: null } : pageOf(path)) as T;
  },
  download: async () => null,
};

const idsIn = (path: string, kind: string): string[] =>
  readFileSync(join(path, `${kind}.ndjson`), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).id);

/** Exports, and dies before or after the nth save. @returns false if it came to its end */
async function dieAt(path: string, nth: number, moment: "before" | "after"): Promise<boolean> {
  const folder = openFolder(path, 1);
  const save = folder.save.bind(folder);
  let saves = 0;
  folder.save = () => {
    const isLast = ++saves === nth;
    if (isLast && moment === "before") throw new Error("died");
    save();
    if (isLast) throw new Error("died");
  };
  try {
    await exportCompany(api, folder, () => {});
    return false;
  } catch {
    return true;
  }
}

it.each(["before", "after"] as const)("an export that dies %s any save has each row once", async (moment) => {
  let isDead = true;
  for (let nth = 1; isDead; nth++) {
    const path = mkdtempSync(join(tmpdir(), "xabar-export-"));
    isDead = await dieAt(path, nth, moment);
    await exportCompany(api, openFolder(path, 1), () => {});
    for (const kind of ["threads", "inbox", "drafts", "outbox", "users"]) {
      const ids = idsIn(path, kind);
      const lists = { threads: 2, inbox: 4, drafts: 2, outbox: 1, users: 1 }[kind] ?? 0;
      expect([kind, nth, new Set(ids).size, ids.length]).toEqual([kind, nth, lists * LISTED, lists * LISTED]);
    }
  }
});
