import { z } from "zod";
import type { Body, FilePart } from "./body.ts";
import { ApiError, invalidRequest } from "./errors.ts";
import type { MailAttachment } from "./mail.ts";
import type { DraftPayload, JsonAttachment, SendPayload } from "./payload-schema.ts";
import { draftSchema, payloadSchema } from "./payload-schema.ts";

/** Nylas: of the whole HTTP request, so base64 counts. What it answers beyond is not published. */
const JSON_LIMIT = 3 * 1024 * 1024;

/** What Nylas does from a template or through a draft, and the stand-in does not: refused, never ignored. */
const NOT_SIMULATED = ["use_draft", "template", "signature_id"];

/** The message and the files of a send; throws the 400 or 413 of one that Nylas does not take. */
export function parseSend(body: Body): { payload: SendPayload; attachments: MailAttachment[] } {
  const { value, files } = readParts(body, "message");
  const { attachments, ...payload } = parsed(payloadSchema, value);
  return { payload, attachments: files?.(payload.body) ?? (attachments ?? []).map(jsonAttachment) };
}

/** What a draft is to be, or to become; without `attachments` it keeps those it has. */
export function parseDraft(body: Body): { payload: DraftPayload; attachments?: MailAttachment[] } {
  const { value, files } = readParts(body, "draft");
  const { attachments, ...payload } = parsed(draftSchema, value);
  const given = files?.(payload.body) ?? attachments?.map(jsonAttachment);
  return { payload, ...(given && { attachments: given }) };
}

interface Parts {
  value: unknown;
  /** The files of a multipart, inline where that body shows them. */
  files?: (html: string | null | undefined) => MailAttachment[];
}

// Nylas: the message of a multipart is in `message`; of a draft the reference says `draft`, the SDK `message`.
function readParts(body: Body, name: string): Parts {
  if (body.kind === "oversized") throw new ApiError(413, "invalid_request_error", "request too large");
  if (body.kind === "multipart") {
    return {
      value: jsonField(body.fields[name] ?? body.fields.message),
      files: (html) => body.files.map((file) => multipartAttachment(file, html ?? "")),
    };
  }
  if (body.kind !== "json") throw invalidRequest("error parsing request body");
  if (body.size > JSON_LIMIT) throw invalidRequest("request body exceeds 3 MB, use multipart/form-data");
  return { value: body.value };
}

function parsed<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const result = schema.safeParse(value);
  if (!result.success) throw invalidRequest(z.prettifyError(result.error));
  const refused = NOT_SIMULATED.find((name) => name in (value as object));
  if (refused) throw invalidRequest(`the stand-in does not simulate ${refused}`);
  return result.data;
}

function jsonField(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    throw invalidRequest("the `message` part must be JSON");
  }
}

// Nylas: on a JSON attachment a content_id makes it inline.
function jsonAttachment(attachment: JsonAttachment): MailAttachment {
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
