import { isSameText } from "../../lib/hmac.ts";
import { cut } from "../../lib/line.ts";
import type { Ctx, UserCtx } from "../context.ts";
import { ownKey } from "../own-key.ts";

/** How long a download URL works: the contract's hour. */
export const EXPIRES_SECONDS = 3600;

export interface DownloadFile {
  key: string;
  filename: string;
  contentType: string;
}

interface Credentials {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * An S3 presigned GET (Signature Version 4). With S3 credentials it points at R2's S3 endpoint, without at the
 * Worker's own `/files/` route, which checks the same signature.
 */
export async function presign(ctx: UserCtx, file: DownloadFile): Promise<string> {
  const { config } = ctx;
  const {
    R2_S3_ENDPOINT: endpoint,
    R2_ACCESS_KEY_ID: accessKeyId,
    R2_SECRET_ACCESS_KEY: secretAccessKey,
  } = config;
  const credentials =
    endpoint && accessKeyId && secretAccessKey
      ? { endpoint: endpoint.replace(/\/$/, ""), accessKeyId, secretAccessKey }
      : { endpoint: `${ctx.origin}/files`, ...(await ownCredentials(ctx)) };
  const url = new URL(`${credentials.endpoint}/${file.key}`);
  url.searchParams.set("X-Amz-Expires", String(EXPIRES_SECONDS));
  url.searchParams.set("response-content-disposition", contentDisposition(file.filename));
  url.searchParams.set("response-content-type", safeContentType(file.contentType));
  return (await sign(url, credentials)).href;
}

/**
 * Checks a URL that `presign` has made for the Worker's own route.
 * @returns false when it was altered, when its time is over, or when somebody else made it
 */
export async function isPresigned(ctx: Ctx, url: URL): Promise<boolean> {
  const { searchParams } = url;
  const signature = searchParams.get("X-Amz-Signature") ?? "";
  const datetime = searchParams.get("X-Amz-Date") ?? "";
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(datetime) ?? [];
  const signedAt = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  if (!(Date.now() < signedAt + Number(searchParams.get("X-Amz-Expires")) * 1000)) return false;
  const unsigned = new URL(url);
  unsigned.searchParams.delete("X-Amz-Signature");
  const expected = await sign(unsigned, await ownCredentials(ctx), datetime);
  return isSameText(signature, expected.searchParams.get("X-Amz-Signature") ?? "");
}

async function sign(url: URL, credentials: Omit<Credentials, "endpoint">, datetime?: string): Promise<URL> {
  const { accessKeyId, secretAccessKey } = credentials;
  const request = {
    url: url.href,
    accessKeyId,
    secretAccessKey,
    service: "s3",
    region: "auto",
    signQuery: true,
  };
  // Only who downloads needs it: no start of the Worker pays for it.
  const { AwsV4Signer } = await import("aws4fetch");
  return (await new AwsV4Signer({ ...request, ...(datetime ? { datetime } : {}) }).sign()).url;
}

/** The credentials of the Worker's own route. */
async function ownCredentials({ config }: Ctx): Promise<Omit<Credentials, "endpoint">> {
  return { accessKeyId: "xabar", secretAccessKey: await ownKey(config, "attachment downloads") };
}

/** RFC 6266: a name in ASCII for old clients, the true one for all others; of both the first 200 characters. */
export function contentDisposition(filename: string): string {
  const name = cut(filename.replace(/[\p{C}/\\]/gu, "_"), 200);
  const ascii = name.replace(/[^\x20-\x7e]|["%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, escapeCharacter);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

const escapeCharacter = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** Pictures, sound and films, documents of office programs, plain text, and archives. */
const SAFE_TYPES = [
  /^(image|audio|video)\/(?!.*(svg|xml))[\w.+-]+$/,
  /^application\/(pdf|rtf|zip|gzip|msword|vnd\.ms-(excel|powerpoint|outlook))$/,
  /^application\/vnd\.(openxmlformats-officedocument|oasis\.opendocument)\.[\w.-]+$/,
  /^text\/(plain|csv|calendar)$/,
];

/** A stranger's file must never run in our origin: what is not known to be harmless is served as mere bytes. */
function safeContentType(contentType: string): string {
  const type = contentType.toLowerCase();
  return SAFE_TYPES.some((safe) => safe.test(type)) ? type : "application/octet-stream";
}
