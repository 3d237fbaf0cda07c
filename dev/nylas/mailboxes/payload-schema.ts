import { z } from "zod";

/** Nylas does not document its checks. Accepts addresses of RFC 5321 and 6531, and nothing else. */
const address = z
  .string()
  .max(320)
  .regex(
    /^("(?:[^"\\\p{Cc}]|\\\P{Cc})*"|[^\s"<>(),:;@[\]\\]+)@([^\s<>(),:;@[\]\\]+|\[[\w.:-]+\])$/u,
    "Invalid email address",
  );

const participant = z.object({
  email: address,
  name: z.string().nullish(),
});
const participants = z.array(participant);

export const payloadSchema = z.object({
  to: participants.min(1),
  cc: participants.nullish(),
  bcc: participants.nullish(),
  from: participants.max(1).nullish(),
  reply_to: participants.nullish(),
  subject: z.string().nullish(),
  body: z.string().nullish(),
  is_plaintext: z.boolean().nullish(),
  reply_to_message_id: z.string().nullish(),
  attachments: z
    .array(
      z.object({
        filename: z.string().min(1),
        content_type: z.string().min(1),
        content: z.base64(),
        content_id: z.string().nullish(),
      }),
    )
    .nullish(),
  custom_headers: z.array(z.object({ name: z.string().min(1), value: z.string() })).nullish(),
});

export type SendPayload = Omit<z.infer<typeof payloadSchema>, "attachments">;
export type JsonAttachment = NonNullable<z.infer<typeof payloadSchema>["attachments"]>[number];
export type Participant = z.infer<typeof participant>;
