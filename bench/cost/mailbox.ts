import { type Meter, PRICES } from "./prices.ts";
import { DAYS, volume, WORKING_DAYS } from "./volumes.ts";

/** What keeping up with a mailbox takes: of `bench mail`, rounded up. */
const PASS = {
  /** Seconds awake for a pass with nothing new, on the way to a server in another country. */
  seconds: 1,
  /** The account's row and the alarm. */
  rows: 2,
};
const ROWS_A_MAIL = 8;
const FIRST_SYNC_MAILS = 10_000;
/** Of a Durable Object, whatever it uses. */
const OBJECT_GB = 0.125;
const HOUR = 3600;
const MONTH = DAYS * 24 * HOUR;

interface Way {
  name: string;
  /** Seconds awake a month, requests and rows. */
  awake: number;
  requests: number;
  rows: number;
}

/** Passes at an interval in seconds. */
function byAlarm(name: string, interval: number): Way {
  const passes = MONTH / interval;
  return { name, awake: passes * PASS.seconds, requests: passes, rows: passes * PASS.rows };
}

const WAYS: Way[] = [
  byAlarm("by alarm, every 300 s", 300),
  byAlarm("by alarm, every 60 s", 60),
  { name: "by IDLE, in 8 hours of each working day", awake: WORKING_DAYS * 8 * HOUR, requests: 0, rows: 0 },
  { name: "by IDLE, always", awake: MONTH, requests: 0, rows: 0 },
];

/** Renders what a mailbox costs by itself, without free allowances, as Markdown. */
export function renderMailbox(): string {
  const lines = WAYS.map(({ name, awake, requests, rows }) => {
    const gbSeconds = awake * OBJECT_GB;
    const dollars =
      costOf("durableGbSeconds", gbSeconds) +
      costOf("durableRequests", requests) +
      costOf("durableRowsWritten", rows);
    const cells = [gbSeconds, requests, rows].map((each) => Math.round(each).toLocaleString("en-US"));
    return `| ${name} | ${cells.join(" | ")} | ${dollars.toFixed(3)} |`;
  });
  const mails = volume("mailsIn") * WORKING_DAYS;
  const first = costOf("durableRowsWritten", FIRST_SYNC_MAILS * ROWS_A_MAIL);
  return [
    "| how new mail is found | GB-s | requests | rows written | $ |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...lines,
    "",
    `A pass that finds nothing is taken to be awake for ${PASS.seconds} s and to write ${PASS.rows} rows. To these come ${ROWS_A_MAIL} rows for each`,
    `mail: ${costOf("durableRowsWritten", mails * ROWS_A_MAIL).toFixed(3)} dollars for the ${mails.toLocaleString("en-US")} of a month, and once ${first.toFixed(2)} dollars for a history of ${FIRST_SYNC_MAILS.toLocaleString("en-US")}.`,
    "An Object that waits for the server's word is awake, so IDLE costs what the whole of its time costs: Xabar goes by alarm.",
  ].join("\n");
}

const costOf = (meter: Meter, amount: number): number => (amount / PRICES[meter].per) * PRICES[meter].dollars;
