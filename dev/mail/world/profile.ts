import { z } from "zod";

/** What kind of server a mailbox is on. */
export const profileSchema = z.strictObject({
  /** What it tells a client that comes back: RFC 7162, or nothing. */
  sync: z.enum(["qresync", "condstore", "none"]).default("qresync"),
  /** Capabilities that it lacks, such as MOVE, UIDPLUS, IDLE, STARTTLS or COMPRESS=DEFLATE. In POP3: UIDL, TOP. */
  lacks: z.array(z.string()).default([]),
  /** Whether clients may make keywords. */
  keywords: z.boolean().default(true),
  /** EMAILID and THREADID of RFC 8474. */
  objectIds: z.boolean().default(false),
  /** Labels in place of folders: a message is in All Mail once, and in the folder of each of its labels. */
  gmail: z.boolean().default(false),
  delimiter: z.enum(["/", "."]).default("/"),
  /** In front of all folders but INBOX: "INBOX." on Courier. */
  prefix: z.string().default(""),
  /** Names of the special folders, or null where there is none. */
  folders: z
    .record(z.string(), z.string())
    .default({ "\\Sent": "Sent", "\\Drafts": "Drafts", "\\Junk": "Junk", "\\Trash": "Trash" }),
  /** How many messages of a folder are shown, the last ones; null for all. */
  window: z.int().min(1).nullable().default(null),
  /** After how many ms the server itself puts what was sent into Sent; null for never. */
  filesSentAfter: z.int().min(0).nullable().default(null),
  /** In bytes, of a mail to send or to append. */
  sizeLimit: z.int().default(35 * 1024 * 1024),
  maxConnections: z.int().default(10),
  /** The most bytes of a packet; null for no limit. */
  packetSize: z.int().min(1).nullable().default(null),
});

export type Profile = z.infer<typeof profileSchema>;
