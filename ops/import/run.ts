import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { compare } from "./compare.ts";
import type { Row, Source } from "./source.ts";
import {
  type Bindings,
  type Companies,
  finish,
  writeAccounts,
  writeEntries,
  writeMessages,
  writeThreads,
} from "./target.ts";

/** Rows per page. Messages have their bodies with them. */
const SIZES = { threads: 500, messages: 100, entries: 1000 };
type Stage = keyof typeof SIZES;
const STAGES = Object.keys(SIZES) as Stage[];

/** How far an import is: the stage, and the last row that was written. */
interface Watermark {
  stage: Stage;
  after: string | null;
}

/**
 * Copies an EMS from PostgreSQL, in the order of ids, and compares it with the source. Killed at any time and run again,
 * it goes on after the last page. Every row is written once, whatever is there already.
 * @param file where the watermark is kept until the end
 * @param tell receives the number of rows so far, after each page
 * @returns a sentence for each difference
 */
export async function importAll(
  source: Source,
  to: Bindings,
  file: string,
  tell: (stage: Stage, rows: number) => void,
): Promise<string[]> {
  const accounts = await source.accounts();
  const companies: Companies = new Map(accounts.map(({ id, company_id }) => [id, company_id]));
  await writeAccounts(to, await source.companies(), accounts);
  const start: Watermark = { stage: "threads", after: null };
  const mark: Watermark = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : start;
  mkdirSync(dirname(file), { recursive: true });
  for (const stage of STAGES.slice(STAGES.indexOf(mark.stage))) {
    let after = stage === mark.stage ? mark.after : null;
    let rows = 0;
    for (let isMore = true; isMore; ) {
      const { count, last } = await copyPage(source, to, companies, stage, after);
      isMore = count === SIZES[stage];
      after = last ?? after;
      rows += count;
      save(file, { stage, after });
      tell(stage, rows);
    }
  }
  await finish(to, companies);
  const differences = await compare(source, to, companies);
  rmSync(file);
  return differences;
}

/** @returns how many rows the page had, and the mark of its last */
async function copyPage(
  source: Source,
  to: Bindings,
  companies: Companies,
  stage: Stage,
  after: string | null,
): Promise<{ count: number; last: string | null }> {
  const size = SIZES[stage];
  if (stage === "messages") {
    const page = await source.messages(after, size);
    await writeMessages(to, companies, page);
    return { count: page.length, last: page.at(-1)?.message.id ?? null };
  }
  const rows: Row[] = await source[stage](after, size);
  const last = rows.at(-1);
  if (stage === "threads") await writeThreads(to, companies, rows);
  else await writeEntries(to, rows);
  const markOf = ({ id, message_id, user_id }: Row) =>
    stage === "threads" ? id : `${message_id} ${user_id}`;
  return { count: rows.length, last: last ? markOf(last) : null };
}

/** Renamed, so that a crash leaves the old watermark or the new one. */
function save(file: string, mark: Watermark): void {
  writeFileSync(`${file}.new`, JSON.stringify(mark));
  renameSync(`${file}.new`, file);
}
