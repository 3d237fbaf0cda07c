import { z } from "zod";
import { inbound } from "./deposit.ts";
import type { InboundMail } from "./mail.ts";
import type { Grant } from "./store.ts";
import type { World } from "./world.ts";
import { now } from "./world.ts";

const MINUTE = 60_000;
const THREAD_LENGTH = 5;

export const seedSchema = z.object({
  grant: z.string(),
  n: z.int().min(1).max(10_000),
  /** Mails of their own, threads of five, or mails with a file each. */
  profile: z.enum(["letters", "threads", "files"]).default("letters"),
});

/** Puts made-up mails into a mailbox as history: none is announced, one came each minute up to now. */
export function seed(world: World, grant: Grant, { n, profile }: z.infer<typeof seedSchema>): void {
  let messageId = "";
  for (let index = 0; index < n; index++) {
    const isReply = profile === "threads" && index % THREAD_LENGTH > 0;
    const mail: InboundMail = {
      from: { email: `writer${index % 20}@elsewhere.example`, name: `Writer ${index % 20}` },
      to: [{ email: grant.email }],
      subject: `${isReply ? "Re: " : ""}Letter ${isReply ? index - (index % THREAD_LENGTH) : index}`,
      html: `<p>This is letter ${index}.</p>`,
      date: now(world) - (n - index) * MINUTE,
      silent: true,
      ...(isReply && { inReplyTo: messageId }),
      ...(profile === "files" && { attachments: [file(index)] }),
    };
    messageId = `<letter-${index}-${world.store.last_sequence}@elsewhere.example>`;
    inbound(world, { ...mail, messageId });
  }
}

function file(index: number) {
  const content = new TextEncoder().encode(`file of letter ${index}`);
  return { filename: `letter-${index}.txt`, contentType: "text/plain", content };
}
