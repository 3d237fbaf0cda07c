import { z } from "zod";
import type { Body, FilePart } from "../http/body.ts";
import { ApiError, invalidRequest } from "../http/errors.ts";
import type { JsonAttachment, SendPayload } from "../mailboxes/payload-schema.ts";
import { payloadSchema } from "../mailboxes/payload-schema.ts";
import type { MailAttachment } from "../store/mail.ts";

/** Nylas: of the whole HTTP request, so base64 counts. What it answers beyond is not published. */
const JSON_LIMIT = 3 * 1024 * 1024;

/** What Nylas can do and the stand-in cannot: refused, never ignored. */
const NOT_SIMULATED = ["send_at", "tracking_options", "metadata", "use_draft", "template", "signature_id"];

/** The message and the files of a send; throws the 400 or 413 of one that Nylas does not take. */
export function parseSend(body: Body): { payload: SendPayload; attachments: MailAttachment[] } {
  const { value, files } = readParts(body);
  const { attachments, ...payload } = parsed(value);
  return { payload, attachments: files?.(payload.body) ?? (attachments ?? []).map(jsonAttachment) };
}

interface Parts {
  value: unknown;
  /** The files of a multipart, inline where that body shows them. */
  files?: (html: string | null | undefined) => MailAttachment[];
}

// Nylas: the message of a multipart is in its part `message`.
function readParts(body: Body): Parts {
  if (body.kind === "oversized") throw new ApiError(413, "invalid_request_error", "request too large");
  if (body.kind === "multipart") {
    return {
      value: jsonField(body.fields.message),
      files: (html) => body.files.map((file) => multipartAttachment(file, html ?? "")),
    };
  }
  if (body.kind !== "json") throw invalidRequest("error parsing request body");
  if (body.size > JSON_LIMIT) throw invalidRequest("request body exceeds 3 MB, use multipart/form-data");
  return { value: body.value };
}

function parsed(value: unknown): z.infer<typeof payloadSchema> {
  const result = payloadSchema.safeParse(value);
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
