import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { localVars } from "../../dev/wrangler.ts";

const TABLE = /\[\[ratelimits\]\]\nname = "(\w+)"\nnamespace_id = "\d+"\nsimple = (.+)\n/g;

// What happens at a limit, test/app-rate-limit.test.ts shows with a lower one.
test("a user, and an address at open routes, may make 1,000 requests a minute", () => {
  const tables = [...readFileSync("wrangler.toml", "utf8").matchAll(TABLE)];
  expect(tables.map(([, name, simple]) => [name, simple])).toEqual([
    ["RATE_LIMIT", "{ limit = 1000, period = 60 }"],
    ["OPEN_RATE_LIMIT", "{ limit = 1000, period = 60 }"],
  ]);
});

test("npm run dev counts in memory up to the same limits", () => {
  const limit = { limit: 1000, period: 60 };
  const { LOCAL_RATE_LIMITS = "" } = localVars();
  expect(JSON.parse(LOCAL_RATE_LIMITS)).toEqual({ RATE_LIMIT: limit, OPEN_RATE_LIMIT: limit });
});
