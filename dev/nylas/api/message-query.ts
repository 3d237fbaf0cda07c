import { wholeNumber } from "../http/api.ts";
import { invalidRequest } from "../http/errors.ts";
import type { Query } from "../http/paging.ts";
import { NOT_A_FILTER } from "../http/paging.ts";
import type { Grant, StoredMessage } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { foldersOf } from "./folders.ts";

type Test = (message: StoredMessage) => boolean;

/**
 * The filters of a query, as predicates.
 * @throws ApiError 400 for an invalid value, and for a filter that the stand-in does not simulate
 */
export function messageTests(world: World, grant: Grant, query: Query): Test[] {
  const tests: Record<string, (value: string) => Test> = {
    in: (value) => {
      // Nylas: takes folder ids only, not keywords such as `inbox`.
      if (!foldersOf(world, grant).some((folder) => folder.id === value)) {
        throw invalidRequest(`folder not found: ${value}`);
      }
      return (message) => message.folders.includes(value);
    },
    received_after: (value) => {
      const after = unixTime("received_after", value);
      return (message) => message.date > after;
    },
    received_before: (value) => {
      const before = unixTime("received_before", value);
      return (message) => message.date < before;
    },
  };
  const filters = Object.entries(query).filter(([name]) => !NOT_A_FILTER.includes(name));
  return filters.map(([name, value]) => {
    const test = tests[name];
    if (!test) throw invalidRequest(`the stand-in does not simulate ${name}`);
    return test(value);
  });
}

function unixTime(name: string, value: string): number {
  return wholeNumber(value, { name, min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 });
}
