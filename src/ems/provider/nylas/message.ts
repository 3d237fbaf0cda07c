import * as z from "zod/mini";
import { addressesIn, isAddress, MAX_ADDRESS } from "../../../lib/address.ts";
import { type Infer, lazy } from "../../../lib/lazy.ts";
import { countOf, fieldsOf, itemsOf, textOf } from "../../../lib/lenient.ts";
import { fileName, oneLine } from "../../../lib/line.ts";
import { type MessageId, messageIdsIn } from "../../../lib/message-ids.ts";
import { clampTime, nowSeconds } from "../../../lib/time.ts";
import type { Address, ProviderAttachment, ProviderMessage } from "../port.ts";

// Nylas requires almost no field, adds fields without notice, and passes on mail that strangers wrote. So only a missing
// id refuses a message. Null and nonsense count as absent, unknown fields are ignored, and texts that people or mail
// programs see are cut to one clean line.

/** The limit of a send, so that a reply can use every stored name. */
export const MAX_NAME = 200;
/** A send allows 998. The rest is for `Re:` and the like. */
const MAX_SUBJECT = 990;
const MAX_SNIPPET = 1000;
const MAX_CONTENT_ID = 998;
const MAX_FOLDERS = 100;
/** Bytes as JSON. Four lists, a body and the rest must fit into a row of 2 MB. */
const MAX_LIST_BYTES = 200_000;
/** Bytes as JSON. One statement writes them, and D1 allows it 2 MB. */
const MAX_ATTACHMENT_BYTES = 1_000_000;

const reading = <T>(read: (value: unknown) => T) =>
  z.pipe(
    z.optional(z.unknown()),
    z.transform((value) => read(value)),
  );

const line = (max: number) =>
  reading((value) => {
    const text = textOf(value);
    return text === undefined ? undefined : oneLine(text, max);
  });

/** Text for machines: only lone surrogates are replaced. */
const exact = lazy(() => reading((value) => textOf(value)?.toWellFormed()));

const nameIn = (participant: Record<string, unknown>): string | null =>
  oneLine(textOf(participant.name) ?? "", MAX_NAME) || null;

/** The addresses of a Nylas participant: one, or the members of an RFC 5322 group, which may be empty. */
function addressesOf(participant: unknown): Address[] | undefined {
  const fields = typeof participant === "string" ? { email: participant } : fieldsOf(participant);
  const email = textOf(fields.email);
  if (email === undefined) return undefined;
  const found = addressesIn(email);
  // An empty group is information; an unreadable address is not.
  if (found.length === 0 && !email.includes(":")) return undefined;
  return found.map((each) => ({ email: each, name: found.length === 1 ? nameIn(fields) : null }));
}

const addresses = lazy(() =>
  reading((value) => {
    const list = itemsOf(value, addressesOf)?.flat();
    return list && fitting(list, MAX_LIST_BYTES);
  }),
);

/** The sender: the first valid address, or else the text in its place, such as `MAILER-DAEMON`. */
const sender = lazy(() =>
  reading((value) => {
    const all = itemsOf(value, (participant): Address | undefined => {
      const fields = fieldsOf(participant);
      const [email = oneLine(textOf(fields.email) ?? "", MAX_ADDRESS)] = addressesIn(
        textOf(fields.email) ?? "",
      );
      const name = nameIn(fields);
      return email || name ? { email, name } : undefined;
    });
    return all?.find(({ email }) => isAddress(email)) ?? all?.[0];
  }),
);

const folders = lazy(() =>
  reading((value) =>
    itemsOf(value, (folder) => (textOf(folder) ?? textOf(fieldsOf(folder).id))?.toWellFormed())?.slice(
      0,
      MAX_FOLDERS,
    ),
  ),
);

const headers = lazy(() =>
  reading((value) =>
    itemsOf(value, (header) => {
      const [name, text] = [textOf(fieldsOf(header).name), textOf(fieldsOf(header).value)];
      return name === undefined || text === undefined ? undefined : { name, value: text };
    }),
  ),
);

/** RFC 2045 section 5.1. */
const CONTENT_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/;

/** A file without an id cannot be downloaded, so it is left out. */
function attachmentOf(value: unknown): ProviderAttachment | undefined {
  const fields = fieldsOf(value);
  const id = textOf(fields.id);
  if (!id) return undefined;
  // Gmail sends none for names that are not ASCII; others append the name as a parameter.
  const type = (textOf(fields.content_type) ?? "").replace(/;.*$/s, "").trim().toLowerCase();
  const content_id = oneLine(textOf(fields.content_id) ?? "", MAX_CONTENT_ID).replace(/^[<\s]+|[>\s]+$/g, "");
  return {
    id: id.toWellFormed(),
    filename: fileName(textOf(fields.filename) ?? ""),
    content_type: type.length <= 255 && CONTENT_TYPE.test(type) ? type : "application/octet-stream",
    size_bytes: countOf(fields.size) ?? 0,
    content_id: content_id || null,
  };
}

const attachments = lazy(() =>
  reading((value) => {
    const list = itemsOf(value, attachmentOf);
    return list && fitting(list, MAX_ATTACHMENT_BYTES);
  }),
);

/** The first items of a list that together fit into `maxBytes` as JSON. */
function fitting<T>(list: T[], maxBytes: number): T[] {
  const encoder = new TextEncoder();
  let left = maxBytes;
  return list.filter((item) => {
    left -= encoder.encode(JSON.stringify(item)).length + 1;
    return left >= 0;
  });
}

const id = lazy(() =>
  z.pipe(
    reading((value) => textOf(value)?.toWellFormed()),
    z.string().check(z.minLength(1, "must not be empty")),
  ),
);

/** A message object of Nylas, in notifications and in answers. Only its id can fail. */
export const NylasMessage = lazy(() =>
  z.object({
    id: id(),
    thread_id: reading((value) => textOf(value)?.toWellFormed() || undefined),
    subject: line(MAX_SUBJECT),
    from: sender(),
    to: addresses(),
    cc: addresses(),
    bcc: addresses(),
    reply_to: addresses(),
    date: reading((value) => value ?? undefined),
    body: exact(),
    snippet: line(MAX_SNIPPET),
    folders: folders(),
    attachments: attachments(),
    headers: headers(),
  }),
);

export type NylasMessage = Infer<typeof NylasMessage>;

/** A message of Nylas in the port's terms. Absent fields stay absent. It never throws. */
export const toProviderMessage = (message: NylasMessage): ProviderMessage => translate(message, nowSeconds());

/**
 * Reads the message of a notification.
 * @param receivedAt of the notification, in seconds: it replaces an impossible date
 * @throws ZodError for a message without an id
 */
export const readMessage = (object: unknown, receivedAt: number): ProviderMessage =>
  translate(NylasMessage().parse(object), receivedAt);

/** Reads only the id. @throws ZodError without one */
export const readMessageId = (object: unknown): string => z.object({ id: id() }).parse(object).id;

function translate({ id, headers, date, ...fields }: NylasMessage, receivedAt: number): ProviderMessage {
  const [own] = idsIn(headers, "message-id");
  const answered = [...idsIn(headers, "references"), ...idsIn(headers, "in-reply-to")];
  const told = {
    ...fields,
    date: date === undefined ? undefined : clampTime(date, receivedAt),
    internet_message_id: own?.id,
    written_message_id: own && own.written !== own.id ? own.written : undefined,
    references: headers && [...new Set(answered.map((each) => each.id))],
  };
  return { id, ...(dropUndefined(told) as Omit<ProviderMessage, "id">) };
}

const idsIn = (headers: NylasMessage["headers"], wanted: string): MessageId[] =>
  (headers ?? []).flatMap(({ name, value }) =>
    name.trim().toLowerCase() === wanted ? messageIdsIn(value) : [],
  );

const dropUndefined = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
