// The server's own code for positions: a client that reads them otherwise could lose or repeat events.
import { formatPosition, type Position, parsePosition } from "../src/ems/events/position.ts";
import type { StreamEvent } from "./types.ts";

/**
 * How far a subscriber has read the logs of its companies. Two connections may merge these logs in another order, so
 * an event is recognised by its place in its company's log, not by its id.
 */
export class Place {
  #known: Position = new Map();
  /** A position that could not be parsed. The server answers it with `resync`. */
  #damaged: string | null = null;

  /** @param id a position, such as the id of an event; null to start at the end of the log */
  constructor(id: string | null) {
    if (id !== null) this.reset(id);
  }

  /** The position for Last-Event-ID and `since`; null without one. */
  get id(): string | null {
    return this.#damaged ?? (this.#known.size ? formatPosition(this.#known) : null);
  }

  /** Moves there, also backwards. */
  reset(id: string): void {
    const position = parsePosition(id);
    this.#known = position ?? new Map();
    this.#damaged = position ? null : id;
  }

  /** Moves on to another position, and never back. */
  reach(id: string): void {
    for (const [company, last] of parsePosition(id) ?? []) {
      this.#known.set(company, Math.max(last, this.#known.get(company) ?? last));
    }
  }

  /** True if another position has events that this one lacks. */
  isBehind(id: string): boolean {
    return [...(parsePosition(id) ?? [])].some(([company, last]) => last > (this.#known.get(company) ?? -1));
  }

  /**
   * Moves past an event.
   * @returns false if the subscriber has had it. An event outside the log, such as `presence`, is always new.
   */
  take({ type, id, company_id: company }: StreamEvent): boolean {
    if (!id) return true;
    if (type === "resync" || this.id === null) {
      this.reset(id);
      return true;
    }
    const last = company === null ? undefined : parsePosition(id)?.get(company);
    if (company === null || last === undefined) return true;
    if (last <= (this.#known.get(company) ?? -1)) return false;
    this.#known.set(company, last);
    return true;
  }
}
