import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../support/clock.ts";
import { type Distribution, distributionOf } from "../support/statistics.ts";
import { FILL_PATH, POSTS_PATH, type Posts } from "./contract.ts";
import { addUsers, ask, runsOf, type Stage } from "./people.ts";

/** In each mailing. */
export const GROUPS = 3;
/** Mailings that are made at a time. */
const TOGETHER = 50;
/** How long making one may take, in milliseconds, and the pause after all: their objects leave the memory in it. */
const MAKING_MS = 200;
const PAUSE_MS = 15_000;
const END_MS = 300_000;

export interface MeasuredDue {
  mailings: number;
  posts: Posts;
  /** Runs that began, of all mailings. */
  begun: number;
  /** How late they began, in seconds. */
  lateness: Distribution;
  /** From when they were due until the last one ended, in seconds. */
  seconds: number;
  /** Of the machine, at the end. */
  load: number;
}

/**
 * Makes mailings that are due in the same millisecond, and watches them. Their accounts post at once.
 * @throws Error if the machine is too slow to make them in time, or if they do not end
 */
export async function measureDue(stage: Stage, mailings: number): Promise<MeasuredDue> {
  console.error(`${mailings.toLocaleString("en-US")} mailings: making them …`);
  const users = await addUsers(stage, mailings);
  const dueAt = Date.now() + mailings * MAKING_MS + PAUSE_MS;
  for (let at = 0; at < users.length; at += TOGETHER)
    await ask(stage, "POST", FILL_PATH, { users: users.slice(at, at + TOGETHER), groups: GROUPS, dueAt });
  if (Date.now() > dueAt - PAUSE_MS) throw new Error("Making the mailings took too long: take fewer");
  console.error("Waiting until they are due …");
  await sleep(dueAt - Date.now());
  const expected = mailings * GROUPS;
  await eventually(
    "All posts are sent",
    async () => ((await ask<Posts>(stage, "GET", POSTS_PATH)).total >= expected ? true : undefined),
    END_MS,
  );
  const runs = [];
  for (const user of users) {
    runs.push(
      ...(await eventually("The run ends", async () => {
        const all = await runsOf(stage, user);
        return all.length > 0 && all.every(({ ended_at }) => ended_at !== null) ? all : undefined;
      })),
    );
  }
  const wrong = runs.find(({ sent, others, number }) => sent !== GROUPS || others > 0 || number > 0);
  if (wrong) throw new Error(`A run is not as it should be: ${JSON.stringify(wrong)}`);
  const lateness = runs.map(({ began_at }) => ((began_at ?? 0) - dueAt) / 1000);
  return {
    ...{ mailings, begun: runs.length, posts: await ask<Posts>(stage, "GET", POSTS_PATH) },
    lateness: distributionOf(lateness),
    seconds: Math.max(...runs.map(({ ended_at }) => ((ended_at ?? 0) - dueAt) / 1000)),
    load: loadavg()[0] ?? 0,
  };
}
