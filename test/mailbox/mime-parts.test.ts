import { expect, test } from "vitest";
import {
  decodedSizeOf,
  MAX_DEPTH,
  MAX_PARTS,
  type Part,
  partsOf,
  type Structure,
} from "../../src/mailbox/mime/parts.ts";

const leaf = (part: string, type: string, more: Partial<Structure> = {}): Structure => ({
  part,
  type,
  encoding: "7bit",
  size: 10,
  ...more,
});

const tree = (type: string, childNodes: Structure[], more: Partial<Structure> = {}): Structure => ({
  type: `multipart/${type}`,
  childNodes,
  ...more,
});

const rolesOf = (root: Structure): string[] => partsOf(root).map(({ part, role }) => `${part} ${role}`);

test("a message without multipart is its own part 1", () => {
  expect(
    partsOf({ type: "text/plain", encoding: "BASE64", size: 4, parameters: { charset: "KOI8-R" } }),
  ).toEqual([
    {
      part: "1",
      type: "text/plain",
      charset: "koi8-r",
      encoding: "base64",
      size: 4,
      filename: null,
      contentId: null,
      role: "text",
    },
  ] satisfies Part[]);
});

test("of alternatives, text and HTML are the body, an invitation is a file, and other forms are nobody's file", () => {
  const root = tree("alternative", [
    leaf("1", "text/plain"),
    leaf("2", "text/x-amp-html"),
    leaf("3", "text/html"),
    leaf("4", "text/calendar"),
  ]);
  expect(rolesOf(root)).toEqual(["1 text", "2 inline", "3 html", "4 attachment"]);
});

test("pictures beside an HTML are inline, even if they are marked as files; a document beside it is a file", () => {
  const root = tree("related", [
    tree("alternative", [leaf("1.1", "text/plain"), leaf("1.2", "text/html")], { part: "1" }),
    leaf("2", "image/png", { id: "<logo@x>", disposition: "attachment" }),
    leaf("3", "application/pdf", { disposition: "attachment", id: "<pdf@x>" }),
  ]);
  expect(rolesOf(root)).toEqual(["1.1 text", "1.2 html", "2 inline", "3 attachment"]);
  expect(partsOf(root)[2]?.contentId).toBe("logo@x");
});

test("the main part of related ones is that of start", () => {
  const root = tree(
    "related",
    [leaf("1", "image/png", { id: "<a@x>" }), leaf("2", "text/html", { id: "<b@x>" })],
    {
      parameters: { start: "<b@x>" },
    },
  );
  expect(rolesOf(root)).toEqual(["1 inline", "2 html"]);
});

test("texts that follow each other are one body; one that follows an HTML is a file, since nobody would see it", () => {
  expect(rolesOf(tree("mixed", [leaf("1", "text/plain"), leaf("2", "text/plain")]))).toEqual([
    "1 text",
    "2 text",
  ]);
  expect(rolesOf(tree("mixed", [leaf("1", "text/html"), leaf("2", "text/plain")]))).toEqual([
    "1 html",
    "2 attachment",
  ]);
});

test("a text with a name or marked as a file is a file, unless it is the whole message or an alternative", () => {
  const named = { parameters: { name: "notes.txt" } };
  expect(rolesOf(tree("mixed", [leaf("1", "text/plain"), leaf("2", "text/plain", named)]))).toEqual([
    "1 text",
    "2 attachment",
  ]);
  expect(rolesOf({ type: "text/plain", ...named })).toEqual(["1 text"]);
  expect(rolesOf({ type: "text/plain", disposition: "attachment" })).toEqual(["1 attachment"]);
  expect(rolesOf(tree("alternative", [leaf("1", "text/html", named)]))).toEqual(["1 html"]);
});

test("an embedded message is one file, named by its subject, and is not looked into", () => {
  const embedded = leaf("2", "message/rfc822", {
    envelope: { subject: "Invoice 4/2" },
    childNodes: [leaf("2.1", "text/html")],
  });
  const [, file] = partsOf(tree("mixed", [leaf("1", "text/plain"), embedded]));
  expect(file).toMatchObject({ part: "2", role: "attachment", filename: "Invoice 4-2.eml" });
});

test("what has no type that can be read is a text", () => {
  for (const type of ["/", "text", ""]) expect(rolesOf({ type })).toEqual(["1 text"]);
});

test("a file's name has no path and no control characters", () => {
  const root = leaf("1", "application/pdf", { dispositionParameters: { filename: "../../etc/a\r\nb.pdf" } });
  expect(partsOf(root)[0]?.filename).toBe("ab.pdf");
});

test("a tree deeper than the limit ends as a file, and no more parts than the limit are read", () => {
  let deep = leaf("1", "text/plain");
  for (let level = 0; level < MAX_DEPTH + 5; level++) deep = tree("mixed", [deep], { part: `${level}` });
  expect(partsOf(deep)).toMatchObject([{ type: "multipart/mixed", role: "attachment" }]);
  const wide = tree(
    "mixed",
    Array.from({ length: MAX_PARTS + 5 }, (_, at) => leaf(`${at + 1}`, "image/png")),
  );
  expect(partsOf(wide)).toHaveLength(MAX_PARTS);
});

test("the size of a decoded part is about right", () => {
  const letters = 4 * Math.ceil(100_000 / 3);
  const size = letters + 2 * Math.ceil(letters / 76);
  expect(Math.abs(decodedSizeOf({ encoding: "base64", size }) - 100_000)).toBeLessThan(100);
});
