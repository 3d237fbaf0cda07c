import { createRequire } from "node:module";
import type { tl } from "@mtcute/core";
import { Long } from "@mtcute/core";

/** An argument of a method, or a field of a class. */
export interface Field {
  name: string;
  type: string;
  /** Of a field that may be absent: the flags, and its bit in them. */
  flag?: [flags: string, bit: number];
  isVector: boolean;
}

interface Entry {
  kind: "class" | "method";
  id: number;
  name: string;
  arguments: { name: string; type: string; typeModifiers?: { predicate?: string; isVector?: boolean } }[];
}

const require = createRequire(import.meta.url);
const api: { e: Entry[] } = require("@mtcute/core/tl/api-schema.json");
const transport: Entry[] = require("@mtcute/core/tl/mtp-schema.json");

const camel = (name: string) => name.replace(/_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** `mt_ping` stays as it is, as everywhere in mtcute. */
const nameOf = ({ name }: Entry) => (name.startsWith("mt_") ? name : camel(name));

const fieldsOf = (entry: Entry): Field[] =>
  entry.arguments.map(({ name, type, typeModifiers }) => {
    const [flags, bit] = typeModifiers?.predicate?.split(".") ?? [];
    return {
      name: camel(name),
      type,
      isVector: typeModifiers?.isVector ?? false,
      ...(flags === undefined ? {} : { flag: [flags, Number(bit)] as [string, number] }),
    };
  });

/** By their constructor's id: mtcute itself reads only classes. */
export const methods = new Map(
  [...api.e, ...transport]
    .filter(({ kind }) => kind === "method")
    .map((entry) => [entry.id, { name: nameOf(entry), fields: fieldsOf(entry) }]),
);

/** By name, with all their fields. */
export const classes = new Map(
  api.e
    .filter(({ kind }) => kind === "class")
    .map((entry) => [nameOf(entry), { id: entry.id, fields: fieldsOf(entry) }]),
);

const EMPTY: Record<string, unknown> = {
  int: 0,
  int53: 0,
  double: 0,
  long: Long.ZERO,
  string: "",
  bytes: new Uint8Array(),
  Bool: false,
};

type Named<Name extends tl.TlObject["_"]> = Extract<tl.TlObject, { _: Name }>;
type Part<T> = { [Key in keyof T]?: T[Key] | undefined };

/**
 * Makes an object of a class.
 * @param name such as `user`
 * @param part its fields that matter; what else it must have is zero or empty
 * @returns the object; required fields that are objects themselves are missing unless given
 * @throws {Error} for a class that the schema does not have
 */
export function stub<Name extends tl.TlObject["_"]>(
  name: Name,
  part: Part<Omit<Named<Name>, "_">> = {},
): Named<Name> {
  const found = classes.get(name);
  if (!found) throw new Error(`No class ${name}`);
  const required = found.fields.filter(({ flag, type }) => !flag && type !== "#");
  const empty = required.map(({ name, type, isVector }) => [name, isVector ? [] : EMPTY[type]]);
  // The schema has given the object the fields of its class.
  return { _: name, ...Object.fromEntries(empty), ...part } as Named<Name>;
}
