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

// `npm ci` checks only packages in the lockfile, which easily lacks those of other platforms.
test("every package has an integrity hash, also those of other platforms", () => {
  expect(locked.length).toBeGreaterThan(200);
  expect(
    locked.flatMap(([path, { integrity }]) => (/^sha512-./.test(integrity ?? "") ? [] : [path])),
  ).toEqual([]);
});

test("every package is locked to npm's registry", () => {
  const foreign = locked.filter(
    ([, { resolved = "https://registry.npmjs.org/" }]) => !resolved.startsWith("https://registry.npmjs.org/"),
  );
  expect(foreign).toEqual([]);
});
