import { contentDisposition } from "../../lib/content-disposition.ts";
import { isSigned, type S3Credentials, signUrl } from "../../platform/s3.ts";
import type { Ctx, UserCtx } from "../context.ts";
import { ownKey } from "../own-key.ts";

/** How long a download URL is valid: one hour by the contract. */
export const EXPIRES_SECONDS = 3600;

export interface DownloadFile {
  key: string;
  filename: string;
  contentType: string;
}

/**
 * Creates a presigned URL. With S3 credentials it points to R2's S3 endpoint, else to the Worker's `/files/`
 * route, which checks the same signature.
 */
export async function presign(ctx: UserCtx, file: DownloadFile): Promise<string> {
  const { R2_S3_ENDPOINT: r2, R2_ACCESS_KEY_ID: accessKeyId, R2_SECRET_ACCESS_KEY: secret } = ctx.config;
  const target =
    r2 && accessKeyId && secret
      ? { endpoint: r2.replace(/\/$/, ""), credentials: { accessKeyId, secretAccessKey: secret } }
      : { endpoint: `${ctx.origin}/files`, credentials: await ownCredentials(ctx) };
  const url = new URL(`${target.endpoint}/${file.key}`);
  url.searchParams.set("X-Amz-Expires", String(EXPIRES_SECONDS));
  url.searchParams.set("response-content-disposition", contentDisposition(file.filename));
  url.searchParams.set("response-content-type", safeContentType(file.contentType));
  return (await signUrl(url, target.credentials)).href;
}

/** Verifies a URL that `presign` made for the Worker's own route. @returns false when forged or expired */
export const isPresigned = async (ctx: Ctx, url: URL): Promise<boolean> =>
  isSigned(url, await ownCredentials(ctx));

/** Credentials for the Worker's own route. */
const ownCredentials = async ({ config }: Ctx): Promise<S3Credentials> => ({
  accessKeyId: "xabar",
  secretAccessKey: await ownKey(config, "attachment downloads"),
});

/** Images, audio, video, office documents, plain text and archives. */
const SAFE_TYPES = [
  /^(image|audio|video)\/(?!.*(svg|xml))[\w.+-]+$/,
  /^application\/(pdf|rtf|zip|gzip|msword|vnd\.ms-(excel|powerpoint|outlook))$/,
  /^application\/vnd\.(openxmlformats-officedocument|oasis\.opendocument)\.[\w.-]+$/,
  /^text\/(plain|csv|calendar)$/,
];

/**
 * Security: a stranger's file must not run in our origin. Types not known to be harmless are served as plain
 * bytes.
 */
function safeContentType(contentType: string): string {
  const type = contentType.toLowerCase();
  return SAFE_TYPES.some((safe) => safe.test(type)) ? type : "application/octet-stream";
}
