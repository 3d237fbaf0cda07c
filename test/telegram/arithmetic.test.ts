import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  closesAt,
  countSteps,
  cutAt,
  isMissed,
  latestRun,
  nextPlannedAt,
  plannedAt,
  timetableOf,
} from "../../src/telegram/scheduler/arithmetic.ts";

const START = 1_738_231_200_000;
const SECOND = 1000;

const interval = fc
  .tuple(fc.integer({ min: 1, max: 7 * 86_400 }), fc.integer({ min: 1, max: 7 * 86_400 }))
  .map(([one, other]) => ({ frequency: Math.min(one, other), duration: Math.max(one, other) }));

/** When a run last began, before the start. */
const lastBegan = fc.option(fc.integer({ min: 0, max: 8 * 86_400 * SECOND }).map((ago) => START - ago));

describe("the timetable", () => {
  it("of 8 hours with 30 minutes has 16 runs, the first at the start and the last 30 minutes before the end", () => {
    const timetable = timetableOf(START, { frequency: 1800, duration: 28_800 }, null);
    expect(timetable.maxSteps).toBe(16);
    expect(plannedAt(timetable, 0)).toBe(START);
    expect(plannedAt(timetable, 15)).toBe(START + 7.5 * 3600 * SECOND);
    expect(closesAt(timetable)).toBe(START + 8 * 3600 * SECOND);
    expect(nextPlannedAt(timetable, START)).toBe(START + 1800 * SECOND);
    expect(nextPlannedAt(timetable, plannedAt(timetable, 15))).toBe(null);
  });

  it("without an interval has no runs", () => {
    expect([countSteps(null, null), countSteps(null, 60), countSteps(60, null)]).toEqual([0, 0, 0]);
  });

  it("has as many runs as fit, each one frequency after the other, and all before the end", () => {
    fc.assert(
      fc.property(interval, lastBegan, ({ frequency, duration }, last) => {
        const timetable = timetableOf(START, { frequency, duration }, last);
        const { maxSteps } = timetable;
        expect(maxSteps * frequency).toBeLessThanOrEqual(duration);
        expect((maxSteps + 1) * frequency).toBeGreaterThan(duration);
        const [first, latest] = [plannedAt(timetable, 0), plannedAt(timetable, maxSteps - 1)];
        expect(latest - first).toBe((maxSteps - 1) * frequency * SECOND);
        expect(first).toBeGreaterThanOrEqual(START);
        expect(latest).toBeLessThanOrEqual(closesAt(timetable));
        if (last !== null) expect(first - last).toBeGreaterThanOrEqual(frequency * SECOND);
      }),
    );
  });

  it("cuts a run when the next one is planned, and the last one at the end", () => {
    fc.assert(
      fc.property(interval, lastBegan, fc.nat(), (given, last, nth) => {
        const timetable = timetableOf(START, given, last);
        const run = nth % timetable.maxSteps;
        const isLast = run + 1 === timetable.maxSteps;
        const next = isLast ? closesAt(timetable) : plannedAt(timetable, run + 1);
        expect(cutAt(timetable, run)).toBe(next);
      }),
    );
  });

  it("tells at any time which run was planned last, and which comes next", () => {
    fc.assert(
      fc.property(interval, lastBegan, fc.integer({ min: 0, max: 8 * 86_400 }), (given, last, seconds) => {
        const timetable = timetableOf(START, given, last);
        const now = START + seconds * SECOND;
        const run = latestRun(timetable, now);
        if (run >= 0) expect(plannedAt(timetable, run)).toBeLessThanOrEqual(now);
        const next = nextPlannedAt(timetable, now);
        if (next === null) expect(run).toBe(timetable.maxSteps - 1);
        else {
          expect(next).toBeGreaterThan(now);
          expect(next).toBe(plannedAt(timetable, Math.max(run, -1) + 1));
        }
      }),
    );
  });

  it("lets a run begin late by less than half a frequency: then two runs are never back to back", () => {
    fc.assert(
      fc.property(interval, fc.integer({ min: 0, max: 8 * 86_400 }), (given, seconds) => {
        const timetable = timetableOf(START, given, null);
        const now = START + seconds * SECOND;
        const run = latestRun(timetable, now);
        const apart = plannedAt(timetable, run + 1) - now;
        if (!isMissed(timetable, run, now)) expect(apart).toBeGreaterThan((given.frequency * SECOND) / 2);
      }),
    );
  });
});
