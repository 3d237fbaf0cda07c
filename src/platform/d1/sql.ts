/** What D1 takes as a parameter. */
type Param = string | number | boolean | null | ArrayBuffer | ArrayBufferView;

/** What a statement's template takes: a parameter, or another statement. */
export type Value = Param | SQL;

/** A statement, or a part of one, with its parameters in order. `Row` is the type of the rows that it returns. */
export class SQL<Row = unknown> {
  /** Exists only as a type. */
  declare readonly row: Row;
  readonly text: string;
  readonly params: readonly Param[];

  constructor(text: string, params: readonly Param[]) {
    this.text = text;
    this.params = params;
  }
}

/** SQLite plans by these numbers, so it would parse a statement again for each run with them as parameters. */
const COUNTED = /\b(LIMIT|OFFSET) $/;

/**
 * Writes SQL as a template: a nested statement becomes part of the text, any other value becomes a parameter. An integer
 * after LIMIT or OFFSET becomes text as well.
 * @throws TypeError if a value is undefined, which is a mistake of the code, never NULL
 */
export function sql<Row = unknown>(strings: TemplateStringsArray, ...values: readonly Value[]): SQL<Row> {
  let text = strings[0] ?? "";
  const params: Param[] = [];
  for (const [nth, value] of values.entries()) {
    const isCount = Number.isSafeInteger(value) && COUNTED.test(strings[nth] ?? "");
    text += (isCount ? String(value) : add(value, params)) + strings[nth + 1];
  }
  return new SQL(text, params);
}

/** Text as it is, without parameters. Security: it must come from code, never from a request. */
sql.raw = (text: string): SQL => new SQL(text, []);

/** Puts a separator between statements. */
sql.join = (parts: readonly SQL[], separator: SQL): SQL => {
  const params: Param[] = [];
  const texts = parts.map((part, nth) =>
    nth === 0 ? add(part, params) : add(separator, params) + add(part, params),
  );
  return new SQL(texts.join(""), params);
};

/** @returns the text of a value in a statement; appends its parameters to `params` */
function add(value: Value | undefined, params: Param[]): string {
  if (value === undefined) throw new TypeError("A value in a statement is undefined");
  if (!(value instanceof SQL)) {
    params.push(value);
    return "?";
  }
  for (const param of value.params) params.push(param);
  return value.text;
}
