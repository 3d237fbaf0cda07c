import Nylas, { type Webhook, type WebhookTriggers } from "nylas";
import type { Cloudflare } from "../cloudflare.ts";
import type { DeployOptions } from "./options.ts";
import type { Secrets } from "./secrets.ts";
import type { Worker } from "./worker.ts";

/** What the Worker handles: src/ems/provider/nylas/push.ts. */
const TRIGGERS = [
  ...["grant.created", "grant.updated", "grant.deleted", "grant.expired", "grant.imap_sync_completed"],
  ...["message.created", "message.updated", "message.deleted"],
  ...["message.send_success", "message.send_failed", "message.bounce_detected"],
  ...["message.opened", "message.link_clicked", "thread.replied"],
  ...["folder.created", "folder.updated", "folder.deleted"],
] as WebhookTriggers[];

const SECRET = "NYLAS_WEBHOOK_SECRET";

/** Whether the Worker has a secret of the webhook, or gets it from the operator. */
export const hasWebhookSecret = ({ stored, missing }: Secrets): boolean =>
  stored.includes(SECRET) || SECRET in missing;

const DONE = "Xabar";
/** Until its secret is stored. Nylas shows a secret once, so after a crash another has to be made. */
const PENDING = "Xabar (its secret is not stored yet)";

/**
 * Registers `{url}/webhooks/nylas` at Nylas, and stores its secret in the Worker. A webhook that is there stays.
 * @throws Error that says what to do
 */
export async function ensureWebhook(
  cloudflare: Cloudflare,
  worker: Worker,
  secrets: Secrets,
  url: string,
  { given, print }: Pick<DeployOptions, "given" | "print">,
): Promise<void> {
  if (!secrets.nylasKey) return;
  const apiUri = String(given.NYLAS_API_URI || worker.vars.NYLAS_API_URI || "https://api.us.nylas.com");
  const { webhooks } = new Nylas({ apiKey: secrets.nylasKey, apiUri });
  const webhookUrl = `${url}/webhooks/nylas`;
  const settings = { webhookUrl, triggerTypes: TRIGGERS };
  const { data } = await answerOf(webhooks.list());
  const known = data.find((webhook) => webhook.webhookUrl === webhookUrl);
  for (const { webhookUrl: other } of data.filter((webhook) => webhook !== known && isAlike(webhook)))
    print(`Nylas also notifies ${other}: delete that webhook if the address is no longer in use.`);
  if (known && known.description !== PENDING && hasWebhookSecret(secrets)) return;
  print(
    known ? `give the webhook ${webhookUrl} a new secret` : `register the webhook ${webhookUrl} at Nylas`,
  );
  const pending = { ...settings, description: PENDING };
  if (known) await answerOf(webhooks.update({ webhookId: known.id, requestBody: pending }));
  const { id, webhookSecret } = (
    await answerOf(
      known ? webhooks.rotateSecret({ webhookId: known.id }) : webhooks.create({ requestBody: pending }),
    )
  ).data;
  const secret = { name: SECRET, text: webhookSecret, type: "secret_text" };
  await cloudflare.call("PUT", `/workers/scripts/${worker.name}/secrets`, secret);
  await answerOf(webhooks.update({ webhookId: id, requestBody: { ...settings, description: DONE } }));
}

/** @throws Error that says what to do */
async function answerOf<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    const { message, statusCode } = error as Error & { statusCode?: number };
    const advice =
      statusCode === 401 ? "check NYLAS_API_KEY, and that NYLAS_API_URI is of its region, then " : "";
    throw new Error(`Nylas did not take the webhook (${message}): ${advice}run npm run deploy again.`, {
      cause: error,
    });
  }
}

const isAlike = ({ webhookUrl }: Webhook): boolean => webhookUrl.endsWith("/webhooks/nylas");
