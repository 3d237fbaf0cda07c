import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Locked {
  integrity?: string;
  resolved?: string;
}

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  packages: Record<string, Locked>;
};
const locked = Object.entries(packages).filter(([path]) => path !== "");

// `npm ci` checks only what the lockfile knows; a package of another platform is easily left without.
test("every package is locked to its bytes, also those of other platforms", () => {
  expect(locked.length).toBeGreaterThan(200);
  expect(
    locked.flatMap(([path, { integrity }]) => (/^sha512-./.test(integrity ?? "") ? [] : [path])),
  ).toEqual([]);
});

test("no package is locked to another registry than npm's", () => {
  const foreign = locked.filter(
    ([, { resolved = "https://registry.npmjs.org/" }]) => !resolved.startsWith("https://registry.npmjs.org/"),
  );
  expect(foreign).toEqual([]);
});
