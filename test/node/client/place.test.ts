import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Place } from "../../../client/place.ts";
import type { LoggedEvent, PresenceEvent, StreamEvent } from "../../../client/types.ts";
import { formatPosition, type Position, parsePosition } from "../../../src/ems/events/position.ts";

const eventAt = (position: Position, company: number): LoggedEvent => ({
  id: formatPosition(position),
  type: "message.deleted",
  ...{ thread_id: null, message_id: null, company_id: company },
});

const resyncAt = (id: string): LoggedEvent => ({
  ...{ id, type: "resync", thread_id: null, message_id: null, company_id: null },
});

/** A stream of companies 1 to 3 in the order of `choices`, from position 0. Each choice is an event of its company. */
const streamOf = (choices: number[]): StreamEvent[] => {
  const position: Position = new Map([1, 2, 3].map((company) => [company, 0]));
  return choices.map((company) => {
    position.set(company, (position.get(company) ?? 0) + 1);
    return eventAt(position, company);
  });
};

const nameOf = ({ id, company_id }: StreamEvent): string =>
  `${company_id}/${parsePosition(id!)?.get(company_id!)}`;

const companies = fc.array(fc.constantFrom(1, 2, 3), { maxLength: 30 });

describe("a place", () => {
  it("takes each event once, however two connections merge the logs of the companies", () => {
    fc.assert(
      fc.property(companies, fc.infiniteStream(fc.nat()), (choices, random) => {
        const other = choices.toSorted(() => ((random.next().value as number) % 3) - 1);
        const streams = [streamOf(choices), streamOf(other)];
        const place = new Place(formatPosition(new Map([1, 2, 3].map((company) => [company, 0]))));
        const taken: string[] = [];
        while (streams.some(({ length }) => length > 0)) {
          const event = streams[(random.next().value as number) % 2]!.shift();
          if (event && place.take(event)) taken.push(nameOf(event));
        }
        const wanted = streamOf(choices).map(nameOf);
        expect(taken.toSorted()).toEqual(wanted.toSorted());
        // Each company's in their order.
        for (const company of [1, 2, 3]) {
          const own = (names: string[]) => names.filter((name) => name.startsWith(`${company}/`));
          expect(own(taken)).toEqual(own(wanted));
        }
      }),
    );
  });

  it("is the position for the server: the one after all that it took", () => {
    fc.assert(
      fc.property(companies, (choices) => {
        const events = streamOf(choices);
        const place = new Place(null);
        expect(place.id).toBeNull();
        for (const event of events) expect(place.take(event)).toBe(true);
        for (const event of events) expect(place.take(event)).toBe(false);
        for (const { id } of events) expect(place.isBehind(id!)).toBe(false);
        if (events.length) expect(parsePosition(place.id!)).toEqual(parsePosition(events.at(-1)!.id!));
      }),
    );
  });

  it("keeps a position that it cannot parse, for the server to answer with `resync`", () => {
    const place = new Place("damaged");
    expect(place.id).toBe("damaged");
    const good = formatPosition(new Map([[1, 7]]));
    expect(place.isBehind(good)).toBe(true);
    expect(place.take(resyncAt(good))).toBe(true);
    expect(place.id).toBe(good);
  });

  it("goes back at a `resync`: the log of a restored database begins earlier", () => {
    const at = (last: number): Position => new Map([[1, last]]);
    const place = new Place(formatPosition(at(9)));
    expect(place.take(resyncAt(formatPosition(at(4))))).toBe(true);
    expect(place.take(eventAt(at(4), 1))).toBe(false);
    expect(place.take(eventAt(at(5), 1))).toBe(true);
  });

  it("takes what is not in the log as it comes", () => {
    const place = new Place(formatPosition(new Map([[1, 9]])));
    const presence: PresenceEvent = {
      ...{ id: null, type: "presence", user_id: 7, name: "Malika", state: "viewing" },
      ...{ thread_id: crypto.randomUUID(), message_id: null, company_id: 1 },
    };
    expect([place.take(presence), place.take(presence)]).toEqual([true, true]);
  });
});
