import { invalid } from "./errors.ts";

const MAX_FIELDS = 100;

/** The fields of a body by name. */
export type Fields = Record<string, unknown>;

/** Adds a field. One that occurs several times is a list. @throws ServiceError invalid for more than 100 fields */
export function addField(fields: Fields, name: string, value: unknown): void {
  if (Object.keys(fields).length >= MAX_FIELDS) throw invalid(`The form has more than ${MAX_FIELDS} fields.`);
  if (name === "__proto__") return;
  const before = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (before === undefined) fields[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else fields[name] = [before, value];
}

/** Reads application/x-www-form-urlencoded. @throws ServiceError invalid for more than 100 fields */
export function readForm(text: string): Fields {
  const fields: Fields = {};
  for (const [name, value] of new URLSearchParams(text)) addField(fields, name, value);
  return fields;
}
