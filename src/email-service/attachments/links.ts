import { isSigned, type S3Credentials, signUrl } from "../../platform/s3.ts";
import type { Config } from "../config.ts";
import { signingSecrets } from "../config.ts";
import type { Ctx, UserCtx } from "../context.ts";
import { ownKey } from "../own-key.ts";

/** One hour, by the contract. */
export const LINK_SECONDS = 3600;

/** Marks a request that comes by a link. */
export const SIGNATURE = "X-Amz-Signature";

/** Makes a link to a file that needs no token. @returns null if the Worker has no secret to sign with */
export async function linkTo(ctx: UserCtx, accountId: string, attachmentId: string): Promise<string | null> {
  if (signingSecrets(ctx.config).length === 0) return null;
  const url = new URL(
    `${ctx.origin}/api/${accountId}/attachments/${encodeURIComponent(attachmentId)}/download`,
  );
  url.searchParams.set("X-Amz-Expires", String(LINK_SECONDS));
  return (await signUrl(url, await credentials(ctx.config))).href;
}

/** True for a URL that `linkTo` made within the last hour. */
export const isLink = async ({ config }: Ctx, url: URL): Promise<boolean> =>
  isSigned(url, await credentials(config));

const credentials = async (config: Config): Promise<S3Credentials> => ({
  accessKeyId: "xabar",
  secretAccessKey: await ownKey(config, "downloads"),
});
