import { log } from "../../platform/log.ts";
import { runOps } from "../changing/ops.ts";
import type { MailboxContext } from "../context.ts";
import { capabilitiesOf, type ImapClient } from "../imap/client.ts";
import { continueSoon } from "../imap/session.ts";
import { deleteMissing } from "./deletion.ts";
import { type FolderRow, type FolderStatus, listFolders, reread } from "./folders.ts";
import { removeFolders } from "./gone-folders.ts";
import { readHistory } from "./history.ts";
import type { Progress, SyncTask } from "./progress.ts";
import type { Pass, VisitEnd } from "./state.ts";
import { isUpToDate, visitFolder } from "./visit.ts";

/** The work of one wake-up: others' requests get through in between, and no invocation takes 30 s of CPU. */
const BUDGET = { ms: 20_000, messages: 2000 };

const ORDER = ["inbox", "sent", "drafts", "custom", "spam", "trash"];

interface Listed {
  folder: FolderRow;
  status: FolderStatus | undefined;
}

/** How a wake-up's work ended. */
export interface PassEnd {
  isComplete: boolean;
  capabilities: string[];
  /** How many were looked at. */
  folders: number;
}

/**
 * Makes the mirror equal to the server, as far as one wake-up gets: our changes first, then what is new in each folder, then
 * the history.
 * @param scope.isAll whether all folders are wanted, or those of the tasks alone
 */
export async function syncImap(
  ctx: MailboxContext,
  client: ImapClient,
  progress: Progress,
  { tasks, isAll }: { tasks: SyncTask[]; isAll: boolean },
): Promise<PassEnd> {
  const pass = newPass(progress, ctx.storage.kv.get<number>(BEGAN) ?? Date.now());
  await runOps(ctx, client);
  const { present, gone } = await listFolders(ctx, client);
  const wanted = new Set(tasks.flatMap(({ folders }) => folders));
  const listed = inOrder(present).filter(({ folder }) => isAll || wanted.has(folder.id));
  progress.begin(mirrored(ctx, listed), sum(listed.map(({ status }) => status?.total ?? 0)));
  const ends = await visitAll(ctx, client, pass, listed, tasks);
  const isRead = await readHistories(ctx, client, pass, listed);
  const isComplete = isRead && !ends.has("more");
  keepStart(ctx, isComplete ? undefined : pass.startedAt);
  if (!isComplete) continueSoon(ctx, "sync");
  const isChecked = isComplete && isAll && !ends.has("held") && !ends.has("unknown");
  if (isChecked && removeFolders(ctx, pass, gone)) await deleteMissing(ctx, pass.startedAt);
  return { isComplete, capabilities: capabilitiesOf(client), folders: listed.length };
}

/** Under this name is kept when a pass began that takes several wake-ups. */
const BEGAN = "pass";

function keepStart({ storage: { kv } }: MailboxContext, startedAt: number | undefined): void {
  if (startedAt !== undefined) kv.put(BEGAN, startedAt);
  else if (kv.get(BEGAN) !== undefined) kv.delete(BEGAN);
}

function newPass(progress: Progress, startedAt: number): Pass {
  const wokenAt = Date.now();
  let messages = 0;
  return {
    startedAt,
    progress,
    hasBudget: (read = 0) => {
      messages += read;
      return messages < BUDGET.messages && Date.now() - wokenAt < BUDGET.ms;
    },
  };
}

async function visitAll(
  ctx: MailboxContext,
  client: ImapClient,
  pass: Pass,
  listed: Listed[],
  tasks: SyncTask[],
): Promise<Set<VisitEnd | "unknown">> {
  const ends = new Set<VisitEnd | "unknown">();
  for (const { folder, status } of listed) {
    const forcedSince = forcedSinceOf(folder, tasks);
    if (!status) ends.add("unknown");
    else if (!isUpToDate(folder, status, forcedSince)) {
      if (!pass.hasBudget()) return ends.add("more");
      const isForced = (folder.checked_at ?? 0) < forcedSince;
      ends.add(await opening(visitFolder(ctx, client, pass, folder, { status, isForced })));
    }
  }
  return ends;
}

/** A folder that cannot be opened, for example since it was deleted meanwhile, does not stop the others. */
async function opening<End>(visit: Promise<End>): Promise<End | "unknown"> {
  try {
    return await visit;
  } catch (error) {
    if (!isFolderError(error)) throw error;
    log("warn", "sync.folder_refused", { error });
    return "unknown";
  }
}

const isFolderError = (error: unknown): boolean => {
  const { responseStatus, code, responseText } = error as {
    responseStatus?: string;
    code?: string;
    responseText?: string;
  };
  const isRefused = responseStatus === "NO" && !/throttl|too many|unavailable/i.test(responseText ?? "");
  return isRefused || code === "InvalidStringValue" || code === "InvalidTokenValue";
};

async function readHistories(
  ctx: MailboxContext,
  client: ImapClient,
  pass: Pass,
  listed: Listed[],
): Promise<boolean> {
  for (const { folder, status } of listed) {
    if (!status) continue;
    if ((await opening(readHistory(ctx, client, pass, folder))) === false) return false;
  }
  return true;
}

/** A folder is compared as a whole since the time at which somebody asked for it. */
const forcedSinceOf = ({ id }: FolderRow, tasks: SyncTask[]): number =>
  Math.max(
    0,
    ...tasks
      .filter(({ isForced, folders }) => isForced && (folders.length === 0 || folders.includes(id)))
      .map(({ createdAt }) => createdAt),
  );

const inOrder = (listed: Listed[]): Listed[] =>
  [...listed].sort((a, b) => ORDER.indexOf(a.folder.type) - ORDER.indexOf(b.folder.type));

const mirrored = (ctx: MailboxContext, listed: Listed[]): number =>
  sum(listed.map(({ folder }) => reread(ctx, folder)?.total ?? 0));

const sum = (numbers: number[]): number => numbers.reduce((total, each) => total + each, 0);
