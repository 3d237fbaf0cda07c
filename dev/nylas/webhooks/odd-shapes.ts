import { random } from "../store/ids.ts";
import { basicHeaders, textOf } from "../store/message-object.ts";
import type { Header, Store } from "../store/store.ts";
import { mailboxOf } from "../store/store.ts";
import type { Emission } from "./triggers.ts";

type Fields = Record<string, unknown>;

const REQUIRED = ["id", "grant_id", "object"];
/** The field selection of this application's dashboard. */
const SELECTED = [
  ...REQUIRED,
  ...[
    "thread_id",
    "subject",
    "from",
    "to",
    "date",
    "unread",
    "folders",
    "body",
    "headers",
    "cleaning_status",
  ],
];

/** Nylas: of a Gmail grant with only the metadata scope, no content but all headers. */
export function metadataOnly(store: Store, emission: Emission): Emission {
  const { body: _, snippet: __, attachments: ___, ...rest } = fieldsOf(emission);
  return {
    ...emission,
    type: `${emission.type}.metadata`,
    object: { ...rest, headers: headersOf(store, rest) },
  };
}

/** Nylas: the body as Markdown. What it looks like exactly is not published; here it is the bare text. */
export function cleaned(emission: Emission): Emission {
  const { body, ...rest } = fieldsOf(emission);
  const object = {
    ...rest,
    ...(typeof body === "string" && { body: textOf(body) }),
    cleaning_status: "success",
  };
  return { ...emission, type: `${emission.type}.cleaned`, object };
}

/** Nylas: only the fields selected in the dashboard, here with the basic headers; ids always stay. */
export function transformed(store: Store, emission: Emission): Emission {
  const fields = fieldsOf(emission);
  const headers = (fields.headers as Header[] | undefined) ?? headersOf(store, fields);
  const all = { ...fields, headers: basicHeaders(headers) };
  const selected = Object.entries(all).filter(([name]) => SELECTED.includes(name));
  return { ...emission, type: `${emission.type}.transformed`, object: Object.fromEntries(selected) };
}

/** Nylas: only `id`, `grant_id` and `object` are certain; of the others about half are missing. */
export function withoutOptionals(store: Store, emission: Emission): Emission {
  const kept = Object.entries(fieldsOf(emission)).filter(
    ([name]) => REQUIRED.includes(name) || random(store) < 0.5,
  );
  return { ...emission, object: Object.fromEntries(kept) };
}

/** Nylas: fields that no document knows do occur, in the object and beside it. */
export function withUnknownField(emission: Emission): Emission {
  const unknown = { x_unknown: { nested: [1, null, "two"] } };
  return {
    ...emission,
    data: { ...emission.data, ...unknown },
    object: { ...fieldsOf(emission), ...unknown },
  };
}

/** Ways in which providers have written a field of a message against its schema. All that it said can be read. */
const MISTYPES: ((fields: Fields) => Fields)[] = [
  ({ date }) => ({ date: String(date) }),
  ({ from }) => ({ from: (from as unknown[] | undefined)?.[0] ?? {} }),
  ({ to, cc }) => ({ to: [null, ...list(to)], cc: list(cc).length > 0 ? cc : null }),
  ({ folders }) => ({ folders: [null, ...list(folders)] }),
  ({ headers }) => (headers ? { headers: [...list(headers), { name: "X-Empty", value: null }, null] } : {}),
  ({ attachments }) => ({
    attachments: list(attachments).map((file) => ({
      ...(file as Fields),
      size: String((file as Fields).size),
    })),
  }),
  () => ({ starred: "no", unread: 1, snippet: 7 }),
];

/** A message with one of its fields ill-typed. */
export function mistyped(store: Store, fields: Fields): Fields {
  const told = MISTYPES[Math.floor(random(store) * MISTYPES.length)]!(fields);
  // What it did not tell it does not tell ill-typed either.
  const known = Object.entries(told).filter(([name]) => name in fields);
  return { ...fields, ...Object.fromEntries(known) };
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

export function fieldsOf({ object }: Emission): Fields {
  return typeof object === "object" && object !== null ? (object as Fields) : {};
}

function headersOf(store: Store, { id, grant_id }: Fields): Header[] {
  return mailboxOf(store, String(grant_id)).messages.get(String(id))?.headers ?? [];
}
