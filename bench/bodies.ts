import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { KINDS, type Sampled, sampleBodies } from "./bodies/sample.ts";
import { fillMailbox } from "./support/fill.ts";
import { distributionOf } from "./support/statistics.ts";
import { renderTable } from "./support/table.ts";

const MAILS = 2000;
const KB = 1024;
/** Limits of bodies in rows: that of earlier versions, and smaller ones. */
const LIMITS = [64 * KB, 8 * KB, 4 * KB, 3 * KB, 2 * KB, KB, 0];

const MIGRATIONS = new URL("../migrations/ems/", import.meta.url);

/**
 * `bodies`: fills a database with 2,000 mails of a team, for several limits of bodies in rows.
 * @returns 0
 */
export async function run(): Promise<number> {
  const sample = sampleBodies(MAILS);
  console.log(`${renderKinds(sample)}\n\n${await renderLimits(sample)}`);
  return 0;
}

function renderKinds(sample: Sampled[]): string {
  const rows = [...KINDS, null].map((kind) => {
    const sizes = sample.flatMap((each) => (kind === null || each.kind === kind ? bytesOf(each) : []));
    const { median, p99 } = distributionOf(sizes);
    const over = (limit: number) =>
      `${Math.round((100 * sizes.filter((size) => size > limit).length) / sizes.length)} %`;
    const share = Math.round((100 * sizes.length) / sample.length);
    return [
      kind?.what ?? "all",
      `${share} %`,
      median / KB,
      sumOf(sizes) / sizes.length / KB,
      p99 / KB,
    ].concat([1, 2, 3, 4, 8, 64].map((kb) => over(kb * KB)));
  });
  const over = [1, 2, 3, 4, 8, 64].map((kb) => `> ${kb} KB`);
  return renderTable(["mail", "share", "median KB", "mean KB", "p99 KB", ...over], rows);
}

async function renderLimits(sample: Sampled[]): Promise<string> {
  const rows = [];
  let before = Number.NaN;
  for (const limit of LIMITS) {
    const large = sample.filter((each) => bytesOf(each) > limit);
    const inline = sumOf(sample.map(bytesOf)) - sumOf(large.map(bytesOf));
    const perMail = await databaseBytes(sample, limit);
    before = Number.isNaN(before) ? perMail : before;
    const packed = large.map(
      ({ body }) => gzipSync(JSON.stringify({ body_html: body, body_text: null })).length,
    );
    rows.push([
      limit / KB,
      `${((100 * large.length) / sample.length).toFixed(1)} %`,
      inline / sample.length / KB,
      perMail,
      before / perMail,
      sumOf(large.map(bytesOf)) / large.length / KB,
      sumOf(packed) / large.length / KB,
    ]);
  }
  const columns = ["limit KB", "in R2", "KB in row", "D1 bytes", "times fewer", "KB an object", "gzipped"];
  return renderTable(columns, rows);
}

const bytesOf = ({ body }: Sampled): number => Buffer.byteLength(body);
const sumOf = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Bytes that a mail takes in a database, with its share of a thread and of files, and with indexes. */
async function databaseBytes(sample: Sampled[], limit: number): Promise<number> {
  const db = new DatabaseSync(":memory:");
  for (const name of readdirSync(MIGRATIONS).toSorted()) {
    if (name.endsWith(".sql")) db.exec(readFileSync(new URL(name, MIGRATIONS), "utf8"));
  }
  db.exec("CREATE TEMP TABLE sample (n INTEGER PRIMARY KEY, html TEXT, key TEXT)");
  const insert = db.prepare("INSERT INTO temp.sample VALUES (?, ?, ?)");
  for (const [n, each] of sample.entries()) {
    const isLarge = bytesOf(each) > limit;
    insert.run(n, isLarge ? null : each.body, isLarge ? `bodies/1/${crypto.randomUUID()}` : null);
  }
  const before = sizeOf(db);
  const of = (column: string) => `(SELECT ${column} FROM temp.sample WHERE n = i)`;
  await fillMailbox({ run: runIn(db) }, 1, sample.length, { html: of("html"), key: of("key") });
  const bytes = (sizeOf(db) - before) / sample.length;
  db.close();
  return bytes;
}

const sizeOf = (db: DatabaseSync): number => {
  const pragma = (name: string) => Number(db.prepare(`PRAGMA main.${name}`).get()?.[name]);
  return pragma("page_count") * pragma("page_size");
};

/** Runs the statements of a fill. */
const runIn =
  (db: DatabaseSync): Parameters<typeof fillMailbox>[0]["run"] =>
  async (_company, queries) => {
    for (const { sql, params } of queries) db.prepare(sql).run(...(params as SQLInputValue[]));
  };
