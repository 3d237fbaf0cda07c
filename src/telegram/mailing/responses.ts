import * as z from "zod/mini";
import { MailingResponse } from "../users/responses.ts";

export const StopResponse = z.object({ success: z.literal(true), mailing: MailingResponse });

export const StartResponse = z.union([
  StopResponse,
  z.object({
    success: z.literal(false),
    error: z.enum(["no_subscription", "no_accounts", "no_groups", "no_content", "no_interval"]),
  }),
]);
