import * as z from "zod/mini";

export const WebhookResponse = z.object({ status: z.literal("ok") });
