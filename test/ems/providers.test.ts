import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";

const { providerOf } = createContext(env, { waitUntil: () => {} });

it("a grant without a prefix, and an account without a grant, belong to the first provider", () => {
  expect(providerOf({ grant_id: "5f3a-plain" })).toBe(providerOf({ grant_id: null }));
});

it("a grant of a connector that is not installed is grant_dead", () => {
  expect(() => providerOf({ grant_id: "pigeon:1" })).toThrow(
    expect.objectContaining({
      fault: "grant_dead",
      message: expect.stringContaining("pigeon is not installed"),
    }),
  );
});

it.each([
  ["google", "provider_id"],
  ["imap", "message_id"],
  [null, "provider_id"],
])("on %s a reply names the original by its %s", (kind, repliesBy) => {
  expect(providerOf({ grant_id: null }).capabilities(kind)).toEqual({
    keySeconds: 3300,
    maxMailBytes: 26_214_400,
    repliesBy,
  });
});
