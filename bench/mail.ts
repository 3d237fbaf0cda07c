import { parseArgs } from "node:util";
import { type Measured, measure } from "./mail/measure.ts";
import { cleaningUp } from "./support/cleanup.ts";
import { type Cell, renderTable } from "./support/table.ts";

const MB = 1024 * 1024;
/** A pass every 300 s, in a month of 30 days. */
const PASSES = (30 * 24 * 3600) / 300;
/** Of a Durable Object, whatever it uses. */
const OBJECT_GB = 0.125;

/** `--mails` in the inbox that is synced, `--listed` in the large list. */
const OPTIONS = {
  mails: { type: "string", default: "10000" },
  listed: { type: "string", default: "100000" },
} as const;

interface Bar {
  what: string;
  unit: string;
  measured: number;
  limit: number;
}

/**
 * `mail`: measures a mailbox on the stand-in for mail servers, and checks the bars. Times are of this machine.
 * @returns 0, or 1 if a bar does not hold
 */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const mails = Number(values.mails);
  if (!(mails >= 100)) throw new Error("--mails must be at least 100");
  const listed = Math.max(mails, Number(values.listed));
  const measured = await cleaningUp((cleanup, directory) => measure(cleanup, directory, { mails, listed }));
  const bars = barsOf(measured);
  const rows = bars.map(({ what, unit, measured: value, limit }): Cell[] => [
    what,
    value,
    limit,
    unit,
    value <= limit ? "holds" : "does not hold",
  ]);
  console.log(renderTable(["", "measured", "at most", "unit", ""], rows));
  return bars.every(({ measured: value, limit }) => value <= limit) ? 0 : 1;
}

function barsOf({ mails, listed, nothingNew, oneFlag, page, ...rest }: Measured): Bar[] {
  const bar = (what: string, unit: string, measured: number, limit: number) => ({
    what,
    unit,
    measured,
    limit,
  });
  const awake = (nothingNew.ms / 1000) * PASSES * OBJECT_GB;
  return [
    bar("first sync: until the first 100 are listed", "s", rest.firstHundredMs / 1000, 3),
    bar(`first sync of ${count(mails)} mails, without bodies`, "s", rest.firstSyncMs / 1000, 15),
    bar("first sync: peak of the heap, with buffers", "MB", rest.heapPeak / MB, 64),
    bar("first sync: rows written for each message", "rows", rest.rowsPerMessage, 8),
    bar(
      "pass with nothing new in 20 folders: received, before compression",
      "bytes",
      nothingNew.received,
      4096,
    ),
    bar("pass with nothing new: sent", "bytes", nothingNew.sent, 4096),
    bar("pass with nothing new: rows written, without the alarm", "rows", nothingNew.written, 1),
    bar("pass with nothing new: duration", "s", nothingNew.ms / 1000, 1),
    bar("a month of such passes every 300 s: awake", "GB-s", awake, 1500),
    bar("a flag changed elsewhere, in an inbox of 100", "rows", oneFlag.written, 8),
    bar("the same in the large inbox", "rows", oneFlag.writtenInLarge, 8),
    bar(`list of ${count(listed)}, first page of 50: rows read`, "rows", page.first, 50 + 5),
    bar(`list of ${count(listed)}, each next page: rows read`, "rows", page.walk, 50 + 5),
    bar(`list of ${count(listed)}, page in the middle`, "ms", page.deepMs, 250),
  ];
}

const count = (number: number): string => number.toLocaleString("en-US");
