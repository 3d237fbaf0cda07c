import { type MeterReading, noUnits } from "../billing.ts";

// The Worker and its Durable Objects run in one isolate here, and the bench makes one call at a time: so what is
// counted between two resets belongs to the call between them.

/** What has been counted since the last reset. */
export const meter = { units: noUnits(), hubStarts: 0 };

/** Handlers and deferred work that have not ended, and queue messages that are not acknowledged. */
const underWay = { works: 0, messages: 0 };

/** Says that messages were put into a queue, or, below zero, that they have left it for good. */
export function noteQueued(messages: number): void {
  underWay.messages += messages;
}

/** Runs `work`; until it has ended the Worker is not idle. */
export async function during<T>(work: () => Promise<T> | T): Promise<T> {
  underWay.works++;
  try {
    return await work();
  } finally {
    underWay.works--;
  }
}

/** What the meter shows now. */
export const readMeter = (): MeterReading => ({
  isIdle: underWay.works === 0 && underWay.messages === 0,
  ...meter,
});

/** Begins to count anew. */
export function resetMeter(): void {
  Object.assign(meter, { units: noUnits(), hubStarts: 0 });
}
