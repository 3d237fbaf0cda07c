import * as z from "zod/mini";

/** The mailing of a user. */
export const MailingResponse = z.object({
  /** Empty until it is set. */
  text: z.string(),
  /** HH:MM:SS. Null until it is set. */
  frequency: z.nullable(z.string()),
  /** HH:MM:SS, whose hours may be more than 23. Null until it is set. */
  duration: z.nullable(z.string()),
  is_active: z.boolean(),
  /** Posts since the last start. */
  sent_count: z.int(),
  /** Posts that the mailing may come to: `max_steps` times the groups. */
  max_runs: z.int(),
  next_run_at: z.nullable(z.string()),
  started_at: z.nullable(z.string()),
  ends_at: z.nullable(z.string()),
  /** Runs since the last start. */
  step: z.int(),
  max_steps: z.int(),
  /** The path of the image. */
  image: z.nullable(z.string()),
  /** The path of the video. */
  video: z.nullable(z.string()),
});

export const StatusResponse = z.object({
  user: z.object({
    telegram_id: z.int(),
    phone: z.int(),
    first_name: z.string(),
    /** 0 Russian, 1 Uzbek in Latin, 2 Uzbek in Cyrillic letters. */
    lang: z.int(),
  }),
  accounts_count: z.int(),
  groups_count: z.int(),
  mailing: MailingResponse,
  subscription: z.object({
    /** The last day, as YYYY-MM-DD. */
    sender_ends_at: z.nullable(z.string()),
    finder_ends_at: z.nullable(z.string()),
    is_sender_active: z.boolean(),
    is_finder_active: z.boolean(),
  }),
});

export const TelegramUserResponse = z.object({
  telegram_id: z.int(),
  phone: z.int(),
  first_name: z.string(),
  lang: z.int(),
  sender_ends_at: z.nullable(z.string()),
  finder_ends_at: z.nullable(z.string()),
  created_at: z.string(),
});

export const TelegramUsersResponse = z.object({
  users: z.array(TelegramUserResponse),
  /** What `after` has to be for the next page; null at the end. */
  next: z.nullable(z.int()),
});
