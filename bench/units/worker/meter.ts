import { type MeterReading, noUnits } from "../billing.ts";

// The Worker and its Durable Objects share an isolate here, and the bench makes one call at a time. So all units
// between two resets belong to one call.

/** Units since the last reset. */
export const meter = { units: noUnits(), hubStarts: 0 };

/** Running handlers and deferred work, and queue messages without acknowledgement. */
const underWay = { works: 0, messages: 0 };

/** Adds messages to the queue count; a negative number removes acknowledged ones. */
export function noteQueued(messages: number): void {
  underWay.messages += messages;
}

/** Runs `work`. The Worker is not idle until it ends. */
export async function during<T>(work: () => Promise<T> | T): Promise<T> {
  underWay.works++;
  try {
    return await work();
  } finally {
    underWay.works--;
  }
}

/** The current reading. */
export const readMeter = (): MeterReading => ({
  isIdle: underWay.works === 0 && underWay.messages === 0,
  ...meter,
});

/** Resets the meter. */
export function resetMeter(): void {
  Object.assign(meter, { units: noUnits(), hubStarts: 0 });
}
