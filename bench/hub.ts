import { parseArgs } from "node:util";
import { FEW_POSTS, type Measured, measure, type Rows } from "./hub/measure.ts";
import { IN_CITY } from "./hub/people.ts";
import { cleaningUp } from "./support/cleanup.ts";
import { type Cell, renderTable } from "./support/table.ts";

const OPTIONS = {
  people: { type: "string", default: "200000" },
  posts: { type: "string", default: "100000" },
} as const;

/** The bar for the CPU of a hash of argon2id. */
const MAX_PASSWORD_MS = 60;

interface Bar {
  what: string;
  measured: number;
  /** Null for what has no bar. */
  limit: number | null;
}

const holds = ({ measured, limit }: Bar): boolean => limit === null || measured <= limit;

/**
 * `hub`: measures rows of UzbekHub's main calls and the CPU of a password, and checks the bars. Rows are those that D1 reports.
 * @returns 0, or 1 if a bar does not hold
 */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const people = Number(values.people);
  const posts = Number(values.posts);
  if (!(people >= 10_000 && people % 1000 === 0))
    throw new Error("--people must be thousands, 10,000 or more");
  if (!(posts > FEW_POSTS && posts % 1000 === 0)) throw new Error("--posts must be thousands, 2,000 or more");
  const measured = await cleaningUp((cleanup, directory) => measure(cleanup, directory, { people, posts }));
  const bars = barsOf(measured, posts);
  const rows = bars.map((bar): Cell[] => [
    ...[bar.what, bar.measured, bar.limit],
    bar.limit === null ? "" : holds(bar) ? "holds" : "does not hold",
  ]);
  console.log(`
${count(people)} people, of whom ${count(IN_CITY)} share a location within 5 km. Reads include those of the authentication.

${renderTable(["", "rows", "at most", ""], rows)}

The hash of a password takes ${measured.password.toFixed(0)} ms of CPU, of at most ${MAX_PASSWORD_MS}.`);
  return bars.every(holds) && measured.password <= MAX_PASSWORD_MS ? 0 : 1;
}

function barsOf({ authentication, search, nearby, posts, ...rest }: Measured, many: number): Bar[] {
  const read = (what: string, { read: measured }: Rows, limit: number | null) => ({
    ...{ what: `${what}: read`, measured, limit },
  });
  const written = (what: string, { written: measured }: Rows, limit = 5) => ({
    ...{ what: `${what}: written`, measured, limit },
  });
  const sizes = posts.map((each, nth) => ({ ...each, among: count(nth ? many : FEW_POSTS) }));
  return [
    read("authentication of a request", authentication, 2),
    written("authentication of a request", authentication, 0),
    read("sign-in", rest.signIn, 6),
    written("sign-in", rest.signIn, 4),
    read("search, many found", search.many, 250),
    read("search, two names that nobody has together", search.inAnyOrder, 250),
    read("nearby, 5 km in a city", nearby.city, 300),
    read("nearby, 20 km in a desert, 40 hidden people", nearby.desert, 3000),
    ...sizes.map(({ newest, among }) => read(`posts, newest 100 of ${among}`, newest, 600)),
    ...sizes.map(({ page, among }) => read(`posts, page of 25 of ${among}`, page, 150)),
    ...sizes.map(({ secondPage, among }) => read(`posts, second page of 25 of ${among}`, secondPage, null)),
    ...growth(
      "posts, newest 100",
      posts.map(({ newest }) => newest),
    ),
    ...growth(
      "posts, page of 25",
      posts.map(({ page }) => page),
    ),
    written("like", rest.like),
    written("comment", rest.comment),
    written("answer to a comment", rest.answer),
    written("view", rest.view),
  ];
}

const growth = (what: string, [few, ...more]: Rows[]): Bar[] =>
  more.map(({ read }) => ({
    ...{
      what: `${what}: difference between the sizes`,
      measured: Math.abs(read - (few?.read ?? 0)),
      limit: 0,
    },
  }));

const count = (number: number): string => number.toLocaleString("en-US");
