import { expect, it } from "vitest";
import { Guesses } from "../../src/ems/lists/guesses.ts";

it("keeps the newest guesses, within a number and a size", () => {
  const many = new Guesses();
  for (let n = 0; n < 3000; n++) many.set(`key ${n}`, "x");
  expect(many.get("key 999")).toBeUndefined();
  expect(many.get("key 1000")).toBe("x");
  const large = new Guesses();
  for (let n = 0; n < 60; n++) large.set(`key ${n}`, "x".repeat(100_000));
  const kept = Array.from({ length: 60 }, (_, n) => large.get(`key ${n}`)).filter(Boolean);
  expect(kept).toHaveLength(39);
  expect(large.get("key 59")).toBeDefined();
});

it("replaces a guess, and drops it when the next is too large to keep", () => {
  const guesses = new Guesses();
  for (let n = 0; n < 100; n++) guesses.set("key", "x".repeat(90_000));
  guesses.set("other", "y");
  expect(guesses.get("key")).toHaveLength(90_000);
  guesses.set("key", "x".repeat(300_000));
  expect(guesses.get("key")).toBeUndefined();
  expect(guesses.get("other")).toBe("y");
});
