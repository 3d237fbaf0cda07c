/** Which run is the first one: 0 for one at the start of the mailing, 1 for one a frequency later. */
const FIRST_RUN: 0 | 1 = 0;

/** When the runs of a mailing are. Run k is planned for `firstRunAt` + k × frequency, whatever became of the others. */
export interface Timetable {
  /** In milliseconds since the epoch, as all times here. */
  firstRunAt: number;
  endsAt: number;
  /** In seconds. */
  frequency: number;
  maxSteps: number;
}

/** How many runs a mailing has. Both lengths are in seconds. */
export const countSteps = (frequency: number | null, duration: number | null): number =>
  frequency && duration ? Math.floor(duration / frequency) : 0;

/**
 * Makes the timetable of a mailing that starts.
 * @param lastBeganAt when a run last began: no group gets two posts within one frequency by a stop and a start
 */
export function timetableOf(
  startedAt: number,
  { frequency, duration }: { frequency: number; duration: number },
  lastBeganAt: number | null,
): Timetable {
  const length = frequency * 1000;
  const earliest = lastBeganAt === null ? 0 : lastBeganAt + length;
  return {
    firstRunAt: Math.max(startedAt + FIRST_RUN * length, earliest),
    endsAt: startedAt + duration * 1000,
    frequency,
    maxSteps: countSteps(frequency, duration),
  };
}

/** When run k is planned. */
export const plannedAt = ({ firstRunAt, frequency }: Timetable, run: number): number =>
  firstRunAt + run * frequency * 1000;

/** The last run that is planned for now or earlier; -1 before the first. */
export const latestRun = (timetable: Timetable, now: number): number => {
  const { firstRunAt, frequency, maxSteps } = timetable;
  return Math.min(Math.floor((now - firstRunAt) / (frequency * 1000)), maxSteps - 1);
};

/** When the next run after now is planned; null after the last. */
export function nextPlannedAt(timetable: Timetable, now: number): number | null {
  const next = Math.max(latestRun(timetable, now) + 1, 0);
  return next < timetable.maxSteps ? plannedAt(timetable, next) : null;
}

/** When the mailing is over. */
export const closesAt = ({ endsAt, frequency }: Timetable): number => endsAt + FIRST_RUN * frequency * 1000;

/** When run k is cut: the next one is due, or the mailing is over. */
export const cutAt = (timetable: Timetable, run: number): number =>
  run + 1 < timetable.maxSteps
    ? Math.min(plannedAt(timetable, run + 1), closesAt(timetable))
    : closesAt(timetable);

/** True if run k is too late to begin: it and the next one would be back to back. */
export const isMissed = (timetable: Timetable, run: number, now: number): boolean =>
  now - plannedAt(timetable, run) >= (timetable.frequency * 1000) / 2;
