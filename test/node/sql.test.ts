import { CasingCache } from "drizzle-orm/casing";
import * as drizzle from "drizzle-orm/sql";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SQL, sql, type Value } from "../../src/platform/d1/sql.ts";

/** A statement that both tags can build. */
type Tree =
  | { kind: "template"; texts: string[]; values: (Tree | Leaf)[] }
  | { kind: "join"; parts: Tree[]; separator: Tree }
  | { kind: "raw"; text: string };

type Leaf = { kind: "value"; value: Exclude<Value, SQL> };

const text = fc.constantFrom("", "SELECT ", " = ", "a, b", "'?'", "\n  WHERE ", '"x"', "%", "\\");
const leaf: fc.Arbitrary<Leaf> = fc.record({
  kind: fc.constant("value"),
  value: fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 4 }),
  ) as fc.Arbitrary<Leaf["value"]>,
});
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.record({ kind: fc.constant("raw"), text }),
    fc.array(fc.tuple(fc.oneof(leaf, tie("tree")), text), { maxLength: 5 }).chain((pairs) =>
      text.map((first) => ({
        kind: "template" as const,
        texts: [first, ...pairs.map(([, after]) => after)],
        values: pairs.map(([value]) => value),
      })),
    ),
    fc.record({
      kind: fc.constant("join"),
      parts: fc.array(tie("tree"), { maxLength: 4 }),
      separator: tie("tree"),
    }),
  ) as fc.Arbitrary<Tree>,
}));

const templateOf = (texts: string[]): TemplateStringsArray => Object.assign([...texts], { raw: texts });

const isTree = (node: Tree | Leaf): node is Tree => node.kind !== "value";

function ours(node: Tree): SQL {
  if (node.kind === "raw") return sql.raw(node.text);
  if (node.kind === "join") return sql.join(node.parts.map(ours), ours(node.separator));
  return sql(templateOf(node.texts), ...node.values.map((each) => (isTree(each) ? ours(each) : each.value)));
}

function theirs(node: Tree): drizzle.SQL {
  if (node.kind === "raw") return drizzle.sql.raw(node.text);
  if (node.kind === "join") return drizzle.sql.join(node.parts.map(theirs), theirs(node.separator));
  const values = node.values.map((each) => (isTree(each) ? theirs(each) : each.value));
  return drizzle.sql(templateOf(node.texts), ...values);
}

const SQLITE = {
  casing: new CasingCache(),
  escapeName: (name: string) => `"${name}"`,
  escapeParam: () => "?",
  escapeString: (value: string) => `'${value}'`,
};

describe("a statement", () => {
  it("has the text and the parameters that drizzle gives it", () => {
    const property = fc.property(tree, (node) => {
      const { sql: text, params } = theirs(node).toQuery(SQLITE);
      expect({ ...ours(node) }).toEqual({ text, params });
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it("can be a part of several statements", () => {
    const part = sql`x = ${1}`;
    const both = sql`${part} OR ${sql`y = ${2} AND ${part}`}`;
    expect({ ...both }).toEqual({ text: "x = ? OR y = ? AND x = ?", params: [1, 2, 1] });
    expect({ ...part }).toEqual({ text: "x = ?", params: [1] });
  });

  it("refuses undefined, which drizzle leaves out without a word", () => {
    // @ts-expect-error undefined is not a value
    expect(() => sql`SELECT ${undefined}`).toThrow(TypeError);
    expect(() => sql`SELECT ${null}`).not.toThrow();
  });
});

it("an integer after LIMIT or OFFSET is text, and nothing else is", () => {
  const { text, params } = sql`SELECT 1 WHERE a = ${7} LIMIT ${25} OFFSET ${50}`;
  expect({ text, params }).toEqual({ text: "SELECT 1 WHERE a = ? LIMIT 25 OFFSET 50", params: [7] });
  for (const value of ["1; DROP TABLE x", "5", 1.5, Number.NaN, null, true]) {
    expect(sql`SELECT 1 LIMIT ${value}`).toMatchObject({ text: "SELECT 1 LIMIT ?", params: [value] });
  }
});
