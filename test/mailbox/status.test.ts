import { describe, expect, test } from "vitest";
import { nextTelling, tellStatus } from "../../src/mailbox/account/status.ts";
import type { MailboxContext } from "../../src/mailbox/context.ts";
import type { MailboxStatus, Owner, StatusChange } from "../../src/mailbox/contract.ts";
import { MailError } from "../../src/mailbox/errors.ts";
import { accountOf } from "../../src/mailbox/store/account.ts";
import { noteFailure, noteSuccess } from "../../src/mailbox/store/outcomes.ts";
import { addTask } from "../../src/mailbox/tasks.ts";
import { mailboxOf, newOwner, settingsOf } from "./support/mailbox.ts";
import { insideOf } from "./support/quiet.ts";

/** A queue that keeps what it is told, after the n-th failure. */
function queueOf(failures = 0) {
  const told: StatusChange[] = [];
  let left = failures;
  const send = async (change: StatusChange) => {
    if (left-- > 0) throw new Error("the queue is down");
    told.push(structuredClone(change));
  };
  return { told, MAIL: { send } as unknown as Queue };
}

const withQueue = (ctx: MailboxContext, { MAIL }: { MAIL: Queue }): MailboxContext => ({
  ...ctx,
  env: { ...ctx.env, MAIL },
});

async function opened(): Promise<Owner> {
  const owner = newOwner();
  const settings = settingsOf({ port: 1, isEnabled: false });
  expect(await mailboxOf(owner).configure(owner, settings, { password: "p" })).toMatchObject({ ok: true });
  await insideOf(owner, ({ storage }) => storage.deleteAlarm());
  // As if nobody had been told of it yet.
  await insideOf(owner, ({ sql }) => void sql.exec("UPDATE account SET told = NULL, told_at = NULL"));
  return owner;
}

const succeed = (ctx: MailboxContext) =>
  noteSuccess(ctx, accountOf(ctx), { capabilities: ["IDLE"], isComplete: true });

describe("the Worker is told", () => {
  test("of a new mailbox, and of what changes but the time of the last sync", async () => {
    const owner = await opened();
    const queue = queueOf();
    await insideOf(owner, async (real) => {
      const ctx = withQueue(real, queue);
      await tellStatus(ctx);
      await tellStatus(ctx);
      await succeed(ctx);
      await tellStatus(ctx);
      await succeed(ctx);
      await tellStatus(ctx);
      addTask(ctx, owner.accountId, "sync", "all");
      await tellStatus(ctx);
      await noteFailure(ctx, accountOf(ctx), new MailError("CONNECTION_FAILED", "lost"));
      await tellStatus(ctx);
    });
    const states = queue.told.map(({ status }) => [status.state, status.isSyncing, status.lastError?.code]);
    expect(states).toEqual([
      ["disabled", false, undefined],
      ["active", false, undefined],
      ["active", true, undefined],
      ["failing", true, "CONNECTION_FAILED"],
    ]);
    for (const { type, accountId } of queue.told)
      expect([type, accountId]).toEqual(["status", owner.accountId]);
  });

  test("of the last sync once it is five minutes newer", async () => {
    const owner = await opened();
    const queue = queueOf();
    await insideOf(owner, async (real) => {
      const ctx = withQueue(real, queue);
      await succeed(ctx);
      await tellStatus(ctx);
      ctx.sql.exec("UPDATE account SET last_sync_at = last_sync_at + 299999");
      expect(nextTelling(ctx)).toBeNull();
      ctx.sql.exec("UPDATE account SET last_sync_at = last_sync_at + 1");
      expect(nextTelling(ctx)).not.toBeNull();
      await tellStatus(ctx);
    });
    expect(queue.told).toHaveLength(2);
  });

  test("again, a minute after the queue has failed", async () => {
    const owner = await opened();
    const queue = queueOf(1);
    await insideOf(owner, async (real) => {
      const ctx = withQueue(real, queue);
      await tellStatus(ctx);
      expect(queue.told).toEqual([]);
      expect(nextTelling(ctx)).toBeGreaterThan(Date.now() + 50_000);
      await tellStatus(ctx);
      expect(nextTelling(ctx)).toBeNull();
    });
    expect(queue.told).toHaveLength(1);
  });

  test("again, where the object died between the message and the note of it", async () => {
    const owner = await opened();
    const queue = queueOf();
    await insideOf(owner, async (real) => {
      const ctx = withQueue(real, queue);
      await tellStatus(ctx);
      ctx.sql.exec("UPDATE account SET told = NULL");
      await tellStatus(ctx);
    });
    const [first, second] = queue.told;
    expect(second?.status).toEqual(first?.status);
    expect(second?.at).toBeGreaterThan(first?.at ?? 0);
  });

  test("in an order: of tellings at the same time the last one has the newest status", async () => {
    const owner = await opened();
    const told: StatusChange[] = [];
    const waiting: (() => void)[] = [];
    const send = (change: StatusChange) =>
      new Promise<void>((resolve) =>
        waiting.push(() => {
          told.push(change);
          resolve();
        }),
      );
    await insideOf(owner, async (real) => {
      const ctx = withQueue(real, { MAIL: { send } as unknown as Queue });
      const first = tellStatus(ctx);
      await succeed(ctx);
      const second = tellStatus(ctx);
      // The queue takes the second one first.
      for (const take of waiting.reverse()) take();
      await Promise.all([first, second]);
      expect(nextTelling(ctx)).toBeNull();
    });
    const newest = told.toSorted((left, right) => right.at - left.at)[0];
    expect(new Set(told.map(({ at }) => at)).size).toBe(2);
    expect(newest?.status.state).toBe("active");
  });

  test("by the alarm, whatever changed the status", async () => {
    const owner = newOwner();
    const mailbox = mailboxOf(owner);
    await mailbox.configure(owner, settingsOf({ port: 1, isEnabled: false }), { password: "p" });
    const toldState = () =>
      insideOf(owner, ({ sql }) => {
        const { told } = sql.exec<{ told: string | null }>("SELECT told FROM account").one();
        return told === null ? null : (JSON.parse(told) as MailboxStatus).state;
      });
    await expect.poll(toldState).toBe("disabled");
    await mailbox.close(owner);
    await expect.poll(toldState).toBe("closed");
  });
});
