import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { localVars } from "../../dev/wrangler.ts";

interface Limited {
  ratelimits: { name: string; simple: { limit: number; period: number } }[];
  vars: Record<string, unknown>;
}

const TABLE = /\[\[ratelimits\]\]\nname = "(\w+)"\nnamespace_id = "\d+"\nsimple = (.+)\n/g;

// What happens at a limit, test/app-rate-limit.test.ts shows with a lower one.
test("a user, and an address at open routes, may make 1,000 requests a minute", () => {
  const tables = [...readFileSync("wrangler.toml", "utf8").matchAll(TABLE)];
  expect(tables.map(([, name, simple]) => [name, simple])).toEqual([
    ["RATE_LIMIT", "{ limit = 1000, period = 60 }"],
    ["OPEN_RATE_LIMIT", "{ limit = 1000, period = 60 }"],
  ]);
});

test("a refusal says the limits that the bindings have", () => {
  // Wrangler does not export the type of its configuration.
  const { ratelimits, vars }: Limited = unstable_readConfig({ config: "wrangler.toml" });
  const policies = ratelimits.map(({ name, simple: { limit, period } }) => [
    `${name}_POLICY`,
    `"${name === "RATE_LIMIT" ? "user" : "address"}";q=${limit};w=${period}`,
  ]);
  expect(policies).toHaveLength(2);
  expect(vars).toMatchObject(Object.fromEntries(policies));
});

test("npm run dev counts in memory up to the same limits", () => {
  const limit = { limit: 1000, period: 60 };
  const { LOCAL_RATE_LIMITS = "" } = localVars();
  expect(JSON.parse(LOCAL_RATE_LIMITS)).toEqual({ RATE_LIMIT: limit, OPEN_RATE_LIMIT: limit });
});
