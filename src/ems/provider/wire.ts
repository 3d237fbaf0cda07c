import * as z from "zod/mini";
import type { Address, ProviderMessage } from "./port.ts";

// Nylas marks next to nothing as required and adds fields without notice, so everything but the ids may be
// absent, null is taken as absent, and what is not named here is ignored.

const absent = <T extends z.ZodMiniType>(schema: T) =>
  z.pipe(
    z.nullish(schema),
    z.transform((value) => value ?? undefined),
  );

const Participant = z.object({ email: absent(z.string()), name: absent(z.string()) });

const Participants = absent(
  z.pipe(
    z.array(Participant),
    z.transform((list): Address[] =>
      list.flatMap(({ email, name }) => (email ? [{ email, name: name || null }] : [])),
    ),
  ),
);

const Attachment = z.object({
  id: z.string(),
  filename: absent(z.string()),
  content_type: absent(z.string()),
  size: absent(z.number()),
  content_id: absent(z.string()),
});

/** A message object of Nylas, as it stands in notifications and in answers. */
export const NylasMessage = z.object({
  id: z.string().check(z.minLength(1)),
  grant_id: absent(z.string()),
  thread_id: absent(z.string()),
  subject: absent(z.string()),
  from: Participants,
  to: Participants,
  cc: Participants,
  bcc: Participants,
  date: absent(z.number()),
  body: absent(z.string()),
  snippet: absent(z.string()),
  folders: absent(z.array(z.string())),
  attachments: absent(z.array(Attachment)),
  headers: absent(z.array(z.object({ name: z.string(), value: z.string() }))),
});

export type NylasMessage = z.infer<typeof NylasMessage>;

/** Nylas's message in the words of the port, without the fields that it did not tell. */
export function toProviderMessage(message: NylasMessage): ProviderMessage {
  const { id, thread_id, subject, to, cc, bcc, body, snippet, folders, date, headers } = message;
  const told = {
    thread_id,
    subject,
    to,
    cc,
    bcc,
    body,
    snippet,
    folders,
    from: message.from?.[0],
    date: date === undefined ? undefined : Math.trunc(date),
    internet_message_id: idsIn(headers, "message-id").at(0),
    references: headers && [...new Set([...idsIn(headers, "references"), ...idsIn(headers, "in-reply-to")])],
    attachments: message.attachments?.map((attachment) => ({
      id: attachment.id,
      filename: attachment.filename || "attachment",
      // Gmail's is empty for names that are not ASCII, and others append the name as a parameter.
      content_type:
        attachment.content_type?.split(";")[0]?.trim().toLowerCase() || "application/octet-stream",
      size_bytes: attachment.size ?? 0,
      content_id: attachment.content_id?.replace(/^<|>$/g, "") || null,
    })),
  };
  return { id, ...(dropUndefined(told) as Omit<ProviderMessage, "id">) };
}

/** The Message-IDs in headers of this name, with their angle brackets. */
const idsIn = (headers: NylasMessage["headers"], wanted: string): string[] =>
  (headers ?? []).flatMap(({ name, value }) =>
    name.toLowerCase() === wanted ? (value.match(/<[^<>\s]{1,500}>/g) ?? []) : [],
  );

const dropUndefined = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
