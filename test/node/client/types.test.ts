import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const names = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, name = ""]) => name).sort();

it("the client's types name the events of the docs", () => {
  const [, table = ""] =
    /\n## Events\n([\s\S]+?)\n\n`data`/.exec(readFileSync("docs/live-feed.md", "utf8")) ?? [];
  const cells = names(table, /^\| (`.+?) \|/gm).join(" ");
  const types = readFileSync("client/types.ts", "utf8");
  const declared = names(types, /(?:\||type:) "([\w.]+)"(?=\n|;)/g).filter((name) => !STATES.includes(name));
  expect(declared).toEqual(names(cells, /`([\w.]+)`/g));
  expect(declared.length).toBeGreaterThan(10);
});

const STATES = ["connecting", "live", "reconnecting", "closed", "viewing", "composing", "left"];
