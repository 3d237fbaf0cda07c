import { random } from "../store/ids.ts";
import { basicHeaders, textOf } from "../store/message-object.ts";
import type { Header, Store } from "../store/store.ts";
import { mailboxOf } from "../store/store.ts";
import type { Emission } from "./triggers.ts";

type Fields = Record<string, unknown>;

const REQUIRED = ["id", "grant_id", "object"];
/** The fields that are selected in the dashboard. */
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

/** Nylas: a Gmail grant with only the metadata scope yields all headers and no content. */
export function metadataOnly(store: Store, emission: Emission): Emission {
  const { body: _, snippet: __, attachments: ___, ...rest } = fieldsOf(emission);
  return {
    ...emission,
    type: `${emission.type}.metadata`,
    object: { ...rest, headers: headersOf(store, rest) },
  };
}

/** Nylas: the body as Markdown. The exact format is not documented; here it is plain text. */
export function cleaned(emission: Emission): Emission {
  const { body, ...rest } = fieldsOf(emission);
  const object = {
    ...rest,
    ...(typeof body === "string" && { body: textOf(body) }),
    cleaning_status: "success",
  };
  return { ...emission, type: `${emission.type}.cleaned`, object };
}

/** Nylas: only ids and the fields selected in the dashboard; here with the basic headers. */
export function transformed(store: Store, emission: Emission): Emission {
  const fields = fieldsOf(emission);
  const headers = (fields.headers as Header[] | undefined) ?? headersOf(store, fields);
  const all = { ...fields, headers: basicHeaders(headers) };
  const selected = Object.entries(all).filter(([name]) => SELECTED.includes(name));
  return { ...emission, type: `${emission.type}.transformed`, object: Object.fromEntries(selected) };
}

/** Nylas guarantees only `id`, `grant_id` and `object`. Drops about half of the other fields. */
export function withoutOptionals(store: Store, emission: Emission): Emission {
  const kept = Object.entries(fieldsOf(emission)).filter(
    ([name]) => REQUIRED.includes(name) || random(store) < 0.5,
  );
  return { ...emission, object: Object.fromEntries(kept) };
}

/** Nylas sends undocumented fields. Adds one to the object and one beside it. */
export function withUnknownField(emission: Emission): Emission {
  const unknown = { x_unknown: { nested: [1, null, "two"] } };
  return {
    ...emission,
    data: { ...emission.data, ...unknown },
    object: { ...fieldsOf(emission), ...unknown },
  };
}

/** Schema violations seen from providers. Each keeps the information of the field. */
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

/** Gives one field of a message a wrong type. */
export function mistyped(store: Store, fields: Fields): Fields {
  const told = MISTYPES[Math.floor(random(store) * MISTYPES.length)]!(fields);
  // A field that is absent stays absent.
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
