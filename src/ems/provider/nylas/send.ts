/// <reference lib="esnext.typedarrays" />

import * as z from "zod/mini";
import { withDeadline } from "../../../lib/deadline.ts";
import { lazy } from "../../../lib/lazy.ts";
import type { Config } from "../../config.ts";
import {
  isProviderError,
  type OutgoingAttachment,
  type OutgoingMail,
  type ProviderMessage,
} from "../port.ts";
import { sendErrorOf } from "./errors.ts";
import { bytesOf, contentTypeOf, type Multipart, multipart } from "./form.ts";
import { NylasMessage, toProviderMessage } from "./message.ts";

/** Nylas recommends 150 s: a self-hosted Exchange may need that long to accept a mail. */
export const SEND_SECONDS = 150;
/** Nylas accepts 3 MB of JSON, counting the whole request. */
const JSON_LIMIT_BYTES = 2_500_000;

/** The header with a mail's marker. */
export const MARKER_HEADER = "X-Xabar-Id";

/**
 * Sends through Nylas: small mails as JSON, others as a streamed multipart body. The SDK is not used: it measures files
 * before encoding them, holds them whole, and waits forever for a stalled answer.
 * @throws ProviderError; what fetch throws without an answer
 */
export const sendThroughNylas = (
  config: Config,
  grantId: string,
  mail: OutgoingMail,
  key: string,
): Promise<ProviderMessage> =>
  withDeadline(SEND_SECONDS * 1000, (deadline) => sendUntil(deadline, config, grantId, mail, key));

async function sendUntil(
  deadline: AbortSignal,
  config: Config,
  grantId: string,
  mail: OutgoingMail,
  key: string,
): Promise<ProviderMessage> {
  const over = new AbortController();
  const signal = AbortSignal.any([deadline, over.signal]);
  const url = `${config.NYLAS_API_URI}/v3/grants/${encodeURIComponent(grantId)}/messages/send?fields=include_basic_headers`;
  const post = (contentType: string, body: BodyInit) =>
    fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${config.NYLAS_API_KEY}`,
        "content-type": contentType,
        "idempotency-key": key,
      },
      body,
      // Following a redirect would send the mail and the API key to wherever it points.
      redirect: "manual",
      signal,
    });
  const send = async () => {
    const message = messageOf(mail);
    if (jsonSize(message, mail.attachments) < JSON_LIMIT_BYTES) {
      return readAnswer(await post("application/json", await jsonBody(message, mail.attachments, signal)));
    }
    const body = await multipart(JSON.stringify(message), mail.attachments, key);
    return upload(body, signal, (readable) => post(body.contentType, readable));
  };
  try {
    return await Promise.race([send(), rejectionBy(deadline)]);
  } finally {
    over.abort();
  }
}

/** Streams the body into a request, at the speed of its reader. */
async function upload(
  body: Multipart,
  signal: AbortSignal,
  post: (readable: ReadableStream) => Promise<Response>,
): Promise<ProviderMessage> {
  // The request's Content-Length is this length, so a body that breaks off is too short.
  const { readable, writable } = new FixedLengthStream(body.length);
  const writing = write(body, writable, signal);
  // After a broken connection an answer may still say why. After an unreadable file none is needed.
  const unreadable = writing.then(never, (error) => (isProviderError(error) ? throwing(error) : never()));
  const response = await Promise.race([post(readable), unreadable]);
  if (response.ok) await writing.catch(throwPremature);
  return readAnswer(response);
}

async function write(body: Multipart, writable: WritableStream, signal: AbortSignal): Promise<void> {
  const writer = writable.getWriter();
  const abort = () => void writer.abort(signal.reason).catch(() => {});
  signal.addEventListener("abort", abort);
  try {
    for await (const chunk of body.bytes(signal)) await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function readAnswer(response: Response): Promise<ProviderMessage> {
  if (!response.ok) throw await sendErrorOf(response);
  return toProviderMessage(Answer().parse(await response.json()).data);
}

const Answer = lazy(() => z.object({ data: NylasMessage() }));

/** The message object of a send, without files. */
function messageOf(mail: OutgoingMail) {
  const { reply_to_message_id, references } = mail;
  const participants = (list: OutgoingMail["to"]) =>
    list.map(({ name, email }) => (name ? { name, email } : { email }));
  return {
    from: participants([mail.from]),
    to: participants(mail.to),
    ...(mail.cc.length ? { cc: participants(mail.cc) } : {}),
    ...(mail.bcc.length ? { bcc: participants(mail.bcc) } : {}),
    subject: mail.subject,
    body: mail.html,
    ...(reply_to_message_id ? { reply_to_message_id } : {}),
    custom_headers: [
      { name: MARKER_HEADER, value: mail.marker },
      ...(reply_to_message_id ? [] : threadingHeaders(references ?? [])),
    ],
  };
}

function threadingHeaders(references: string[]) {
  const nearest = references.at(-1);
  if (!nearest) return [];
  return [
    { name: "In-Reply-To", value: nearest },
    { name: "References", value: references.join(" ") },
  ];
}

const jsonAttachment = (file: OutgoingAttachment, content: string) => ({
  filename: file.filename,
  content_type: contentTypeOf(file),
  content,
  ...(file.content_id === null ? {} : { content_id: file.content_id, content_disposition: "inline" }),
});

/** Bytes of the JSON body with its files, known before any file is read. */
function jsonSize(message: object, files: OutgoingAttachment[]): number {
  const empty = { ...message, attachments: files.map((file) => jsonAttachment(file, "")) };
  const contents = files.map(({ size_bytes }) => Math.ceil(size_bytes / 3) * 4);
  return contents.reduce((sum, size) => sum + size, new TextEncoder().encode(JSON.stringify(empty)).length);
}

async function jsonBody(message: object, files: OutgoingAttachment[], signal: AbortSignal): Promise<string> {
  if (files.length === 0) return JSON.stringify(message);
  const attachments = [];
  for (const file of files) {
    const content = new Uint8Array(file.size_bytes);
    let at = 0;
    for await (const chunk of bytesOf(file, signal)) {
      content.set(chunk, at);
      at += chunk.byteLength;
    }
    attachments.push(jsonAttachment(file, content.toBase64()));
  }
  return JSON.stringify({ ...message, attachments });
}

/** A success before the body was complete cannot be trusted, and does not prove that nothing was sent. */
function throwPremature(cause: unknown): never {
  throw new Error("Nylas answered before it had the whole mail", { cause });
}

const never = () => new Promise<never>(() => {});

const throwing = (error: unknown): never => {
  throw error;
};

function rejectionBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
