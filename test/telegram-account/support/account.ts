import { env } from "cloudflare:workers";
import type { AccountApi, Caller } from "../../../src/telegram-account/contract.ts";
import type { TelegramAccountEnv } from "../../../src/telegram-account/env.ts";

/** The bindings of the script under test. */
export const bindings = env as unknown as TelegramAccountEnv & {
  TELEGRAM_ACCOUNT: DurableObjectNamespace<AccountApi>;
};

/** A phone that no other test has, in digits. */
export const newPhone = (): string =>
  `99890${String(crypto.getRandomValues(new Uint32Array(1))[0])
    .padStart(10, "0")
    .slice(-7)}`;

let users = 100_000_000 + Math.floor(Math.random() * 100_000_000);

/** A user of the API whom no other test has. */
export const newCaller = (changes: Partial<Caller> = {}): Caller => ({
  user: ++users,
  isStandInOnly: true,
  ...changes,
});

/** The account of a phone. */
export const accountOf = (phone: string) => bindings.TELEGRAM_ACCOUNT.getByName(phone);
