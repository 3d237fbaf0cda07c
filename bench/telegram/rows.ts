import { eventually } from "../support/clock.ts";
import { reset, settled } from "../units/stage.ts";
import { type ObjectRows, ROWS_PATH } from "./contract.ts";
import { ask, call, connectPerson, runsOf, type Stage } from "./people.ts";

const FEW = 5;
const MANY = 15;
/** Of the mailing, in seconds: between two runs there is time to reset the meters. */
const FREQUENCY = 20;

/** Rows of D1 and of all objects together. */
interface Rows extends ObjectRows {
  /** Read in D1 alone. */
  d1Read: number;
}

export interface MeasuredRows {
  /** Written for each post. */
  post: number;
  /** Written for each run besides, with the alarms that were set. */
  run: number;
  status: Rows;
}

/** Measures what posts write, by runs of few and of many groups, and what the status reads. */
export async function measureRows(stage: Stage): Promise<MeasuredRows> {
  console.error("Rows: two mailings on the stand-in …");
  const few = await measureRun(stage, FEW);
  const many = await measureRun(stage, MANY);
  const byPosts = (rows: Rows) => rows.written - rows.alarmsSet;
  const post = (byPosts(many.run) - byPosts(few.run)) / (MANY - FEW);
  const besides = Math.max(few.run.written - post * FEW, many.run.written - post * MANY);
  return { post, run: besides, status: many.status };
}

/** Measures the second run of a mailing, when nothing else happens. */
async function measureRun(stage: Stage, groups: number): Promise<{ run: Rows; status: Rows }> {
  const { user } = await connectPerson(stage, groups);
  await call(stage, "PATCH", `/mailing/${user}/`, { text: "Yuk bor" });
  const interval = { frequency: `00:00:${FREQUENCY}`, duration: "00:02:00" };
  await call(stage, "PATCH", `/mailing/${user}/interval/`, interval);
  await call(stage, "POST", `/mailing/${user}/start/`);
  await runEnded(stage, user, 0);
  const run = await rowsOf(stage, () => runEnded(stage, user, 1, groups));
  await call(stage, "POST", `/mailing/${user}/stop/`);
  const status = await rowsOf(stage, () => call(stage, "GET", `/status/${user}/`));
  return { run, status };
}

const runEnded = (stage: Stage, user: number, number: number, sent?: number): Promise<true> =>
  eventually(
    "The run ends",
    async () => {
      const run = (await runsOf(stage, user)).find((each) => each.number === number);
      if (!run?.ended_at) return undefined;
      if (sent !== undefined && run.sent !== sent) throw new Error(`The run has sent ${run.sent} posts`);
      return true;
    },
    120_000,
  );

/** The rows of D1 and of objects until everything that was begun has ended. */
async function rowsOf(stage: Stage, run: () => Promise<unknown>): Promise<Rows> {
  await settled(stage);
  await reset(stage);
  await ask(stage, "DELETE", ROWS_PATH);
  await run();
  const { units } = await settled(stage);
  const rows = await ask<ObjectRows>(stage, "GET", ROWS_PATH);
  return {
    ...rows,
    read: rows.read + units.rowsRead,
    written: rows.written + units.rowsWritten,
    d1Read: units.rowsRead,
  };
}
