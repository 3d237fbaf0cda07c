import { z } from "zod";
import type { Body, FilePart } from "../http/body.ts";
import { ApiError, invalidRequest } from "../http/errors.ts";
import type { JsonAttachment, SendPayload } from "../mailboxes/payload-schema.ts";
import { payloadSchema } from "../mailboxes/payload-schema.ts";
import type { MailAttachment } from "../store/mail.ts";

/** Nylas: limits the whole request, base64 included. The response above the limit is not documented. */
const JSON_LIMIT = 3 * 1024 * 1024;

/** Features of Nylas that the stand-in rejects, so that none is silently ignored. */
const NOT_SIMULATED = ["send_at", "tracking_options", "metadata", "use_draft", "template", "signature_id"];

/** Parses the message and attachments of a send. @throws ApiError 400 or 413 if Nylas would refuse it */
export function parseSend(body: Body): { payload: SendPayload; attachments: MailAttachment[] } {
  const { value, files } = readParts(body);
  const { attachments, ...payload } = parsed(value);
  return { payload, attachments: files?.(payload.body) ?? (attachments ?? []).map(jsonAttachment) };
}

interface Parts {
  value: unknown;
  /** The files of a multipart body. They are inline if the given HTML references them. */
  files?: (html: string | null | undefined) => MailAttachment[];
}

// Nylas: the part `message` of a multipart body holds the JSON.
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

// Nylas: a JSON attachment with a content_id is inline.
function jsonAttachment(attachment: JsonAttachment): MailAttachment {
  return {
    filename: attachment.filename,
    contentType: attachment.content_type,
    content: Buffer.from(attachment.content, "base64"),
    ...(attachment.content_id && { contentId: attachment.content_id, inline: true }),
  };
}

// Nylas: the name of a part is its content id. The part is inline if the HTML references it.
function multipartAttachment(file: FilePart, html: string): MailAttachment {
  return {
    filename: file.filename,
    contentType: file.contentType || "application/octet-stream",
    content: file.content,
    contentId: file.name,
    inline: html.includes(`cid:${file.name}`),
  };
}
