/// <reference lib="esnext.typedarrays" />
import * as z from "zod/mini";
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

/** Nylas asks for 150 s: a self-hosted Exchange takes that long to accept a mail. */
export const SEND_SECONDS = 150;
/** Nylas takes 3 MB of JSON, the whole request counted. */
const JSON_LIMIT_BYTES = 2_500_000;

/** The header that bears a mail's marker. */
export const MARKER_HEADER = "X-Xabar-Id";

/**
 * Sends through Nylas, with our own request: the SDK measures files before they are encoded, holds them whole, and
 * waits for ever for an answer that stalls. Small mails go as JSON, others as a multipart that is streamed.
 * @throws ProviderError, and what fetch throws where there is no answer
 */
export async function sendThroughNylas(
  config: Config,
  grantId: string,
  mail: OutgoingMail,
  key: string,
): Promise<ProviderMessage> {
  const deadline = AbortSignal.timeout(SEND_SECONDS * 1000);
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
      // Followed, a redirect would send the mail, and the key to all mailboxes, to wherever it points.
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

/** Streams the body to the request that takes it, as fast as that reads. */
async function upload(
  body: Multipart,
  signal: AbortSignal,
  post: (readable: ReadableStream) => Promise<Response>,
): Promise<ProviderMessage> {
  // Of this length the request's Content-Length is made, and a body that is cut stays short of it.
  const { readable, writable } = new FixedLengthStream(body.length);
  const writing = write(body, writable, signal);
  // Where the connection breaks, an answer may still come that tells why; where a file does, none is needed.
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
  return toProviderMessage(Answer.parse(await response.json()).data);
}

const Answer = z.object({ data: NylasMessage });

/** Nylas's message object to send, without its files. */
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

/** Bytes of the JSON body, files and all, before any of them is read. */
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

/** Success told before the mail was there: not to be trusted, and no proof that nothing was sent. */
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
