import Nylas, { type Webhook, type WebhookTriggers } from "nylas";
import type { Cloudflare } from "./cloudflare.ts";
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
  { given, print }: DeployOptions,
): Promise<void> {
  const isStored = [...secrets.stored, ...Object.keys(secrets.missing)].includes("NYLAS_WEBHOOK_SECRET");
  if (!secrets.nylasKey) return;
  const apiUri = String(given.NYLAS_API_URI || worker.vars.NYLAS_API_URI || "https://api.us.nylas.com");
  const { webhooks } = new Nylas({ apiKey: secrets.nylasKey, apiUri });
  const webhookUrl = `${url}/webhooks/nylas`;
  const settings = { webhookUrl, triggerTypes: TRIGGERS };
  try {
    const { data } = await webhooks.list();
    const known = data.find((webhook) => webhook.webhookUrl === webhookUrl);
    for (const other of data.filter((webhook) => webhook !== known && isOurs(webhook)))
      print(
        `Nylas also notifies ${other.webhookUrl}: delete that webhook if the address is no longer in use.`,
      );
    if (known && known.description !== PENDING && isStored) return;
    print(
      known ? `give the webhook ${webhookUrl} a new secret` : `register the webhook ${webhookUrl} at Nylas`,
    );
    const { id, webhookSecret } = known
      ? await renewSecret(webhooks, known.id, settings)
      : (await webhooks.create({ requestBody: { ...settings, description: PENDING } })).data;
    const secret = { name: "NYLAS_WEBHOOK_SECRET", text: webhookSecret, type: "secret_text" };
    await cloudflare.call("PUT", `/workers/scripts/${worker.name}/secrets`, secret);
    await webhooks.update({ webhookId: id, requestBody: { ...settings, description: DONE } });
  } catch (error) {
    throw new Error(
      `The webhook at ${apiUri} is not set up: ${error instanceof Error ? error.message : error}; check NYLAS_API_KEY and NYLAS_API_URI, then run npm run deploy again.`,
      { cause: error },
    );
  }
}

const isOurs = ({ description = "", webhookUrl }: Webhook): boolean =>
  [DONE, PENDING].includes(description) && webhookUrl.endsWith("/webhooks/nylas");

async function renewSecret(
  webhooks: Nylas["webhooks"],
  webhookId: string,
  settings: { webhookUrl: string; triggerTypes: WebhookTriggers[] },
) {
  await webhooks.update({ webhookId, requestBody: { ...settings, description: PENDING } });
  return (await webhooks.rotateSecret({ webhookId })).data;
}
