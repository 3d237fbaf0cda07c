import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Pace, SLOW_FROM } from "../../src/hub/chat/room/pace.ts";

const RATE = 10;

describe("a room with much to deliver", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A second later somebody sends a message, and the room delivers it. */
  const second = (pace: Pace, user: number, deliveries: number) => {
    vi.setSystemTime(Date.now() + 1000);
    const wait = pace.take(user, RATE, true);
    return { wait, isTold: pace.delivered(deliveries), seconds: pace.slowSeconds };
  };

  it("slows its senders, and says so once for each change", () => {
    const pace = new Pace();
    second(pace, 1, SLOW_FROM + 1);
    expect(second(pace, 2, SLOW_FROM + 1)).toEqual({ wait: 0, isTold: true, seconds: 1 });
    expect(second(pace, 3, 2 * SLOW_FROM + 1)).toEqual({ wait: 0, isTold: false, seconds: 1 });
    expect(second(pace, 4, 1)).toEqual({ wait: 0, isTold: true, seconds: 2 });
    expect(second(pace, 5, 1)).toEqual({ wait: 0, isTold: true, seconds: 1 });
    expect(second(pace, 6, 1)).toEqual({ wait: 0, isTold: true, seconds: 0 });
    expect(second(pace, 7, 1)).toEqual({ wait: 0, isTold: false, seconds: 0 });
  });

  it("makes each sender wait between two messages", () => {
    const pace = new Pace();
    second(pace, 1, SLOW_FROM + 1);
    second(pace, 2, SLOW_FROM + 1);
    expect(pace.take(2, RATE, true)).toBe(1);
    expect(pace.take(3, RATE, true)).toBe(0);
  });
});
