import { invalid, type ServiceError } from "./errors.ts";

/** Problems that belong to no field are told under this name. */
const NO_FIELD = "non_field_errors";

/** The error for one bad field. */
export const badField = (field: string, sentence: string): ServiceError =>
  invalid(sentence, [{ path: field, message: sentence }]);

/** The sentence about a value that is not among the choices. @param value anything that JSON or a form has */
export const notAChoice = (value: unknown): string =>
  `"${typeof value === "string" ? value : JSON.stringify(value)}" is not a valid choice.`;

/** The sentences of an error, by the field of the body that they are about, as Django REST framework tells them. */
export function sentencesByField({ issues, message }: ServiceError): Record<string, string[]> {
  if (issues.length === 0) return { [NO_FIELD]: [message] };
  const fields: Record<string, string[]> = Object.create(null);
  for (const issue of issues) {
    const field = issue.path.split(".", 1)[0] || NO_FIELD;
    fields[field] ??= [];
    fields[field].push(issue.message);
  }
  return fields;
}
