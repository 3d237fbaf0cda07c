import * as z from "zod/mini";
import { type Infer, lazy } from "../lib/lazy.ts";
import { corsOrigins, defineConfig, url } from "../platform/config.ts";
import { type Part, part } from "../platform/health.ts";

/** The name of this module in MODULES. */
export const NAME = "telegram";

const number = (usual: number, least: number) =>
  z._default(
    z.pipe(
      z.pipe(z.union([z.number(), z.string()]), z.transform(Number)),
      z.number().check(z.minimum(least)),
    ),
    usual,
  );

/** `TELEGRAM_PACE`: the least and the most milliseconds between two posts of an account, such as `4000-9000`. */
const pace = lazy(() =>
  z.pipe(
    z._default(z.string().check(z.regex(/^\d{1,7}-\d{1,7}$/, "must be like 4000-9000")), "4000-9000"),
    z.transform((text): [least: number, most: number] => {
      const [least = 0, most = 0] = text.split("-").map(Number);
      return [Math.min(least, most), Math.max(least, most)];
    }),
  ),
);

const Config = lazy(() =>
  z.object({
    /** `init-data`: a Mini App's init data, or an operator's token. `none`: anybody may act for any user. */
    TELEGRAM_AUTH: z._default(z.enum(["init-data", "none"]), "init-data"),
    /** `yes` lets TELEGRAM_AUTH=none talk to Telegram itself: something in front of the Worker checks who calls. */
    TELEGRAM_AUTH_NONE_IS_SAFE: z.optional(z.string()),
    /** Of the bot whose Mini App calls. */
    TELEGRAM_BOT_TOKEN: z.optional(z.string()),
    /** How old init data may be, in seconds. */
    TELEGRAM_INIT_DATA_MAX_AGE: number(86_400, 1),
    /** `yes`: the operator knows Telegram's terms, and that it bans accounts for spam. Nothing is sent without it. */
    TELEGRAM_TERMS_ACCEPTED: z.optional(z.string()),
    /** Where the days of subscriptions end. */
    TELEGRAM_TIMEZONE: z._default(
      z.string().check(z.refine(isTimeZone, "must be a time zone such as Asia/Tashkent")),
      "Asia/Tashkent",
    ),
    /** The shortest frequency of a mailing, in seconds. */
    TELEGRAM_MIN_FREQUENCY: number(300, 1),
    TELEGRAM_PACE: pace(),
    JWT_SECRET: z.optional(z.string()),
    JWT_JWKS_URL: z.optional(url()),
    /** Required `iss` and `aud` of tokens. Without them any value passes. */
    JWT_ISSUER: z.optional(z.string()),
    JWT_AUDIENCE: z.optional(z.string()),
    CORS_ORIGINS: corsOrigins(),
  }),
);

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** The vars and secrets of this module. Those of Telegram itself are the script xabar-telegram's. */
export type Config = Infer<typeof Config>;

/** Reads the configuration. @throws $ZodError that names every invalid variable */
export const config = defineConfig(Config);

/** What the configuration lacks, for `GET /health`. */
export function configuredPart(env: Env): Part {
  const { TELEGRAM_AUTH, TELEGRAM_BOT_TOKEN, TELEGRAM_TERMS_ACCEPTED } = config(env);
  const isLocked = TELEGRAM_AUTH === "init-data" && !TELEGRAM_BOT_TOKEN;
  const problem =
    (!(env as Partial<Env>).TELEGRAM_ACCOUNT &&
      "Deployed without xabar-telegram: nothing can be connected or sent") ||
    (TELEGRAM_TERMS_ACCEPTED !== "yes" &&
      "Read docs/telegram.md and set TELEGRAM_TERMS_ACCEPTED=yes: nothing is sent without it") ||
    (isLocked && "Set TELEGRAM_BOT_TOKEN: only operators can call Telegram auto-mailing");
  return part(problem, "degraded");
}
