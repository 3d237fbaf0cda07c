import { invalid, ServiceError } from "../../../lib/errors.ts";
import { verifyHmac } from "../../../lib/hmac.ts";
import { readCapped } from "../../../lib/read-capped.ts";
import type { Config } from "../../config.ts";
import type { ReceivedPush } from "../connector.ts";
import { Notification } from "./push.ts";

/** Nylas sends at most 1 MB, which may be the compressed size. */
const MAX_RECEIVED_BYTES = 2 * 1024 * 1024;
const MAX_INFLATED_BYTES = 16 * 1024 * 1024;

export interface Posted {
  /** Hex HMAC-SHA256 of the bytes as they came. */
  signature: string | undefined;
  /** The body's encoding: `gzip`, or absent. */
  encoding: string | undefined;
  body: ReadableStream<Uint8Array> | null;
}

/**
 * Authenticates a notification and unpacks it.
 * @throws ServiceError unauthenticated for a wrong signature; invalid for a signed body that is no notification;
 *   unavailable while no secret is set
 */
export async function openPush(config: Config, { signature, encoding, body }: Posted): Promise<ReceivedPush> {
  if (!signature) throw badSignature();
  const raw = await readCapped(body, MAX_RECEIVED_BYTES);
  const { NYLAS_WEBHOOK_SECRET: current, NYLAS_WEBHOOK_SECRET_PREVIOUS: previous } = config;
  if (!current) throw notKept("NYLAS_WEBHOOK_SECRET is not set");
  // The signature covers the raw bytes, and is checked before anything reads them.
  const isSigned =
    (await verifyHmac(current, raw, signature)) || (previous && (await verifyHmac(previous, raw, signature)));
  if (!isSigned) throw badSignature();
  const bytes = encoding === "gzip" ? await inflate(raw) : raw;
  return { id: parse(bytes).id, bytes };
}

const badSignature = () =>
  new ServiceError("unauthenticated", "The x-nylas-signature header is missing or does not match the body");

/** Nylas repeats a notification after a 503, and never after a 500. */
export const notKept = (cause: unknown) =>
  new ServiceError("unavailable", "The notification cannot be kept now; send it again", {
    cause,
    retryAfterSeconds: 60,
  });

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return await readCapped(stream, MAX_INFLATED_BYTES);
  } catch (error) {
    throw error instanceof ServiceError ? error : invalid("body: is not gzip, as its content-encoding says");
  }
}

function parse(bytes: Uint8Array): Notification {
  try {
    return Notification().parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw invalid("body: is not a notification: it needs id, type and data.object");
  }
}
