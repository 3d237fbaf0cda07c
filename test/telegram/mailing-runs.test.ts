import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createMailer,
  deliveriesOf,
  MINUTE,
  passUntil,
  postsOf,
  START,
  setClock,
} from "../support/telegram-mailing.ts";

beforeEach(() => setClock());
afterEach(() => void vi.useRealTimers());

describe("15 groups, every 30 minutes for 8 hours", () => {
  it("are 16 runs and 240 posts; three runs later step is 3 and sent_count 45", async () => {
    const mailer = await createMailer();
    expect((await mailer.call("GET", "/mailing/{id}/")).body).toMatchObject({
      ...{ is_active: false, max_steps: 16, max_runs: 240, step: 0, sent_count: 0, next_run_at: null },
    });
    const { status, body } = await mailer.call("POST", "/mailing/{id}/start/");
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      mailing: {
        text: "Yuk bor Toshkent-Moskva",
        frequency: "00:30:00",
        duration: "08:00:00",
        is_active: true,
        sent_count: 0,
        max_runs: 240,
        next_run_at: "2040-01-30T10:30:00Z",
        started_at: "2040-01-30T10:00:00Z",
        ends_at: "2040-01-30T18:00:00Z",
        step: 0,
        max_steps: 16,
        image: null,
        video: null,
      },
    });
    await passUntil(mailer, START + 75 * MINUTE);
    expect((await mailer.call("GET", "/mailing/{id}/")).body).toMatchObject({
      ...{ step: 3, sent_count: 45, next_run_at: "2040-01-30T11:30:00Z" },
    });
    const stopped = await mailer.call("POST", "/mailing/{id}/stop/");
    expect(stopped.body).toMatchObject({
      success: true,
      mailing: {
        ...{ is_active: false, step: 3, sent_count: 45, max_runs: 240, max_steps: 16, next_run_at: null },
        ...{ started_at: "2040-01-30T10:00:00Z", ends_at: "2040-01-30T18:00:00Z" },
      },
    });
    await passUntil(mailer, START + 9 * 60 * MINUTE);
    expect(await postsOf(mailer)).toHaveLength(45);
  });

  it("run k begins at started_at + k × frequency, and the mailing ends 8 hours after its start", async () => {
    const mailer = await createMailer({ groups: [[0], [0]] });
    await mailer.object.start(true);
    await passUntil(mailer, START + 9 * 60 * MINUTE);
    const runs = await mailer.object.runs(null, 100);
    expect(runs.map(({ number, plannedAt, beganAt }) => [number, plannedAt, beganAt])).toEqual(
      Array.from({ length: 16 }, (_, nth) => {
        const at = START + (15 - nth) * 30 * MINUTE;
        return [15 - nth, at, at];
      }),
    );
    expect(await mailer.object.mailing()).toMatchObject({
      ...{ isActive: false, step: 16, maxSteps: 16, sentCount: 32, nextRunAt: null },
      ...{ startedAt: START, endsAt: START + 480 * MINUTE },
    });
    const posts = await postsOf(mailer);
    expect(posts.filter(({ peer }) => peer === -1).map(({ at }) => at)).toEqual(
      Array.from({ length: 16 }, (_, nth) => START + nth * 30 * MINUTE),
    );
    expect(await deliveriesOf(mailer)).toMatchObject([
      { group: 1, state: "sent", link: "https://t.me/group_1/31" },
      { group: 2, state: "sent", link: null },
    ]);
  });
});
