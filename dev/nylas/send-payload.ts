import { z } from "zod";
import type { Body, FilePart } from "./body.ts";
import { ApiError, invalidRequest } from "./errors.ts";
import type { MailAttachment } from "./mail.ts";

/** Nylas: of the whole HTTP request, so base64 counts. What it answers beyond is not published. */
const JSON_LIMIT = 3 * 1024 * 1024;
const MULTIPART_LIMIT = 25 * 1024 * 1024;

const participant = z.object({
  email: z.email(),
  name: z.string().nullish(),
});
const participants = z.array(participant);

const payloadSchema = z.object({
  to: participants.min(1),
  cc: participants.nullish(),
  bcc: participants.nullish(),
  from: participants.max(1).nullish(),
  reply_to: participants.nullish(),
  subject: z.string().nullish(),
  body: z.string().nullish(),
  is_plaintext: z.boolean().nullish(),
  reply_to_message_id: z.string().nullish(),
  attachments: z
    .array(
      z.object({
        filename: z.string().min(1),
        content_type: z.string().min(1),
        content: z.base64(),
        content_id: z.string().nullish(),
      }),
    )
    .nullish(),
  custom_headers: z.array(z.object({ name: z.string().min(1), value: z.string() })).nullish(),
  tracking_options: z
    .object({
      opens: z.boolean().exactOptional(),
      links: z.boolean().exactOptional(),
      thread_replies: z.boolean().exactOptional(),
      label: z.string().max(2048).exactOptional(),
    })
    .nullish(),
  metadata: z
    .record(z.string(), z.string().max(500))
    .refine((metadata) => Object.keys(metadata).length <= 50, "at most 50 pairs")
    .nullish(),
});

/** What Nylas does at a later time or from a template, and the stand-in does not: refused, never ignored. */
const NOT_SIMULATED = ["send_at", "use_draft", "template", "signature_id"];

export type SendPayload = Omit<z.infer<typeof payloadSchema>, "attachments">;
export type Participant = z.infer<typeof participant>;

/** The message and the files of a send; throws the 400 or 413 of one that Nylas does not take. */
export function parseSend(body: Body): { payload: SendPayload; attachments: MailAttachment[] } {
  if (body.kind === "multipart") {
    if (body.size > MULTIPART_LIMIT) throw new ApiError(413, "invalid_request_error", "request too large");
    const { attachments: _, ...payload } = parsePayload(jsonField(body.fields.message));
    const html = payload.body ?? "";
    return { payload, attachments: body.files.map((file) => multipartAttachment(file, html)) };
  }
  if (body.kind !== "json") throw invalidRequest("error parsing request body");
  if (body.size > JSON_LIMIT) throw invalidRequest("request body exceeds 3 MB, use multipart/form-data");
  const { attachments, ...payload } = parsePayload(body.value);
  return { payload, attachments: (attachments ?? []).map(jsonAttachment) };
}

function parsePayload(value: unknown) {
  const parsed = payloadSchema.safeParse(value);
  if (!parsed.success) throw invalidRequest(z.prettifyError(parsed.error));
  const refused = NOT_SIMULATED.find((name) => name in (value as object));
  if (refused) throw invalidRequest(`the stand-in does not simulate ${refused}`);
  return parsed.data;
}

function jsonField(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    throw invalidRequest("the `message` part must be JSON");
  }
}

// Nylas: on a JSON attachment a content_id makes it inline.
function jsonAttachment(
  attachment: NonNullable<z.infer<typeof payloadSchema>["attachments"]>[number],
): MailAttachment {
  return {
    filename: attachment.filename,
    contentType: attachment.content_type,
    content: Buffer.from(attachment.content, "base64"),
    ...(attachment.content_id && { contentId: attachment.content_id, inline: true }),
  };
}

// Nylas: the name of a part is its content id; the body decides whether that is used.
function multipartAttachment(file: FilePart, html: string): MailAttachment {
  return {
    filename: file.filename,
    contentType: file.contentType || "application/octet-stream",
    content: file.content,
    contentId: file.name,
    inline: html.includes(`cid:${file.name}`),
  };
}
