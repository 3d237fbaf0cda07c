import { DurableObject } from "cloudflare:workers";
import type { TelegramAccountEnv } from "./env.ts";

/** One Telegram account, named by its phone in digits: its session, its connection to Telegram. */
export class TelegramAccount extends DurableObject<TelegramAccountEnv> {}
