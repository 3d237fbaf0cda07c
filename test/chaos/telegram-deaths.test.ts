import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silenceLog } from "../support/log-check.ts";
import { liveAndDie, type Strike } from "../support/telegram-deaths.ts";
import {
  createMailer,
  inAccount,
  type Mailer,
  MINUTE,
  planFor,
  postsOf,
  rowsIn,
  START,
  setClock,
} from "../support/telegram-mailing.ts";

// Each step of a mailing of one run is once the last one of its object: every write to its storage, every call of the
// database and of an account, before the effect and after it. A death between two reads is one after the last write. The
// account forgets random ids at once, so nothing but a look at the group keeps a post from being made twice.

beforeEach(silenceLog);
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const GROUPS = [[0, 1], [0, 1], [0], [1], [0, 1]];

async function create(prepare: (mailer: Mailer) => Promise<void>): Promise<Mailer> {
  setClock();
  const mailer = await createMailer({ accounts: 2, groups: GROUPS, duration: 1800 });
  for (const phone of mailer.phones)
    await inAccount(phone, (account) => {
      account.isForgetful = true;
    });
  await prepare(mailer);
  await mailer.object.start(true);
  return mailer;
}

/** What is not as it would be without a death. */
async function problemsOf(mailer: Mailer): Promise<string[]> {
  const posts = await postsOf(mailer);
  const [run, ...others] = await mailer.object.runs(null, 9);
  const ledger = run ? ((await mailer.object.run(run.id))?.deliveries ?? []) : [];
  const [left] = await rowsIn<{ count: number }>(
    mailer,
    "SELECT count(*) AS count FROM runs WHERE ended_at IS NULL",
  );
  const { isActive, sentCount, step } = await mailer.object.mailing();
  const posted = (group: number) => posts.filter(({ peer }) => peer === -group).length;
  const problems = GROUPS.flatMap((_, nth) => {
    const group = nth + 1;
    const state = ledger.find((each) => each.group === group)?.state;
    return state === "sent" && posted(group) === 1
      ? []
      : [`group ${group}: ${state}, ${posted(group)} posts`];
  });
  if (others.length > 0) problems.push(`${others.length + 1} runs`);
  if (left?.count) problems.push("a run has not ended");
  if (isActive || step !== 1) problems.push(`active ${isActive}, step ${step}`);
  if (sentCount !== posts.length) problems.push(`sent_count ${sentCount} for ${posts.length} posts`);
  return problems;
}

const calm: Strike = () => null;

const isRead = (step: string): boolean => /^(exec SELECT|getAlarm)/.test(step);

const nth = (n: number, moment: "before" | "after"): Strike => {
  let steps = 0;
  return (step) => (!isRead(step) && ++steps === n ? moment : null);
};

const SCENES: Record<string, (mailer: Mailer) => Promise<void>> = {
  "all goes well": async () => {},
  "an answer is lost": ({ phones }) => planFor(phones[0]!, { peer: -3, isLost: true }),
  "an account has to wait": ({ phones }) =>
    planFor(phones[0]!, { skip: 1, refusal: { ok: false, code: "flood_wait", seconds: 20, reason: "x" } }),
};

describe.each(Object.keys(SCENES))("%s", (name) => {
  it.each(["before", "after"] as const)(
    "an object that dies %s any step posts once to each group, and its ledger knows it",
    async (moment) => {
      const whole = await create(SCENES[name]!);
      const lived = await liveAndDie(whole, START + 40 * MINUTE, calm);
      const steps = lived.steps.filter((step) => !isRead(step));
      expect(await problemsOf(whole)).toEqual([]);
      expect(steps.filter((step) => step === "account.send").length).toBeGreaterThanOrEqual(5);
      const problems: string[] = [];
      for (let n = 1; n <= steps.length; n++) {
        const mailer = await create(SCENES[name]!);
        const { deaths } = await liveAndDie(mailer, START + 40 * MINUTE, nth(n, moment));
        if (deaths !== 1) problems.push(`step ${n}: ${deaths} deaths`);
        for (const problem of await problemsOf(mailer))
          problems.push(`step ${n} (${steps[n - 1]}): ${problem}`);
      }
      expect(problems).toEqual([]);
    },
  );
});
