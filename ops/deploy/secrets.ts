import { randomBytes } from "node:crypto";
import type { Cloudflare } from "../cloudflare.ts";
import type { DeployOptions } from "./options.ts";
import { absentFor } from "./resources.ts";
import type { Worker } from "./worker.ts";

/** What is stored as a secret of the Worker if it is in the environment. */
const NAMES = [
  ...["JWT_SECRET", "JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE", "CORS_ORIGINS", "METRICS_TOKEN"],
  ...["NYLAS_API_KEY", "NYLAS_API_URI", "NYLAS_CLIENT_ID", "NYLAS_WEBHOOK_SECRET"],
  ...["R2_S3_ENDPOINT", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"],
  ...[
    "HUB_JWT_SECRET",
    "HUB_GOOGLE_CLIENT_IDS",
    "HUB_MAIL_FROM",
    "HUB_SMTP_URL",
    "HUB_RESET_URL",
    "HUB_GEOCODER_URL",
    "HUB_LIMITS",
  ],
  ...[
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_TERMS_ACCEPTED",
    "TELEGRAM_AUTH",
    "TELEGRAM_AUTH_NONE_IS_SAFE",
    "TELEGRAM_INIT_DATA_MAX_AGE",
    "TELEGRAM_TIMEZONE",
    "TELEGRAM_MIN_FREQUENCY",
    "TELEGRAM_PACE",
  ],
];

/** The same, of an engine. */
const ENGINE_NAMES: Record<string, string[]> = {
  mailbox: ["MAIL_KEYS", "MAIL_OAUTH", "MAIL_PORTS", "DISCOVERY_URL", "DNS_URL"],
  telegram: ["TELEGRAM_API_ID", "TELEGRAM_API_HASH", "TELEGRAM_SESSION_KEY", "TELEGRAM_SESSION_KEY_PREVIOUS"],
};

/** RFC 7518 section 3.2. */
const MIN_JWT_SECRET_BYTES = 32;
/** 32 bytes for AES-256, in base64 or base64url. */
const SESSION_KEY = /^[\w+/-]{43}=?$/;

/** The secrets of a script. */
interface Kept {
  /** The names of those that it has. They are never changed. */
  stored: string[];
  /** Those that it lacks, with their values. */
  missing: Record<string, string>;
}

export interface Secrets extends Kept {
  /** The key of Nylas, if it is known here: what is stored cannot be read. */
  nylasKey: string | undefined;
}

/**
 * Collects the secrets that the Worker lacks: from the environment or the file, else by asking.
 * @throws Error that names one that is neither given nor can be asked for, or that is not safe
 */
export async function collectSecrets(
  cloudflare: Cloudflare,
  worker: Worker,
  options: DeployOptions,
): Promise<Secrets> {
  const { given, named } = options;
  const kept = await keptBy(cloudflare, worker);
  const { has, add } = kept;
  for (const name of [...NAMES, ...named]) add(name, given[name]);
  if (!has("JWT_SECRET") && !has("JWT_JWKS_URL"))
    add(
      "JWT_SECRET",
      await askFor(options, "JWT_SECRET", "it verifies the tokens of your users", {
        make: randomSecret,
        advice: "Keep it where tokens are signed.",
      }),
    );
  // Nothing else signs or verifies with it, so nobody has to know it.
  add("HUB_JWT_SECRET", randomSecret());
  let nylasKey = given.NYLAS_API_KEY;
  if (!nylasKey && !(has("NYLAS_API_KEY") && has("NYLAS_WEBHOOK_SECRET"))) {
    const again = "to register the webhook, once more";
    const why = has("NYLAS_API_KEY") ? again : "the API key of your Nylas application";
    nylasKey = await askFor(options, "NYLAS_API_KEY", why);
    add("NYLAS_API_KEY", nylasKey);
  }
  checkMissing(kept, options);
  return { stored: kept.stored, missing: kept.missing, nylasKey };
}

/**
 * The same for an engine.
 * @throws Error as `collectSecrets`
 */
export async function collectEngineSecrets(
  cloudflare: Cloudflare,
  engine: Worker,
  options: DeployOptions,
): Promise<Kept> {
  const kept = await keptBy(cloudflare, engine);
  for (const name of ENGINE_NAMES[engine.engine ?? ""] ?? []) kept.add(name, options.given[name]);
  if (engine.engine === "mailbox" && !kept.has("MAIL_KEYS")) {
    const why = "it seals the passwords of mailboxes; to do without mailboxes, add -- --without mailbox";
    const keys = await askFor(options, "MAIL_KEYS", why, {
      make: randomKeys,
      advice: "Keep it: to replace a key, the old one has to be there as well.",
    });
    kept.add("MAIL_KEYS", keys);
  }
  // Nothing else opens what it seals. If it is lost, accounts sign in again.
  if (engine.engine === "telegram") kept.add("TELEGRAM_SESSION_KEY", randomBytes(32).toString("base64"));
  checkMissing(kept, options);
  return kept;
}

/** What a script has, and what is added to it. Nothing that it has is added. */
async function keptBy(cloudflare: Cloudflare, { name: script, vars }: Worker) {
  const path = `/workers/scripts/${script}/secrets`;
  const listed = await absentFor(10007, cloudflare.call<{ name: string }[]>("GET", path));
  const stored = (listed ?? []).map(({ name }) => name);
  const missing: Record<string, string> = {};
  const has = (name: string) => stored.includes(name) || Boolean(vars[name]) || name in missing;
  const add = (name: string, value: string | undefined) => {
    if (value && !has(name)) missing[name] = value;
  };
  return { stored, missing, has, add };
}

/** @throws Error for a secret that is not safe */
function checkMissing({ missing }: Kept, { isDryRun, print }: DeployOptions): void {
  for (const [name, secret] of Object.entries(missing)) refuseUnsafe(name, secret);
  if (isDryRun && Object.keys(missing).length > 0) print(`would store ${Object.keys(missing).join(", ")}`);
}

const randomKeys = (): string =>
  JSON.stringify([{ id: randomBytes(4).toString("hex"), key: randomBytes(32).toString("base64") }]);

const randomSecret = (): string => randomBytes(32).toString("hex");

/** @returns undefined only in a dry run, which asks nothing */
async function askFor(
  { ask, isDryRun, print }: DeployOptions,
  name: string,
  why: string,
  random?: { make(): string; advice: string },
): Promise<string | undefined> {
  if (isDryRun) {
    print(`would ask for ${name}: ${why}`);
    return undefined;
  }
  if (!ask) throw new Error(`${name} is missing (${why}): set it in the environment or in --secrets-file.`);
  for (;;) {
    const answer = await ask(`${name} (${why})${random ? "; Enter makes a random one" : ""}: `);
    if (answer) return answer;
    if (!random) continue;
    const made = random.make();
    print(`${name} is ${made}\n${random.advice} It is not shown again.`);
    return made;
  }
}

/** @throws Error for a secret that the Worker would refuse: see src/platform/config.ts */
function refuseUnsafe(name: string, secret: string): void {
  if (secret.includes("do-not-deploy"))
    throw new Error(`${name} is public in .dev.vars.example: give another, such as openssl rand -hex 32.`);
  if (/(^|_)JWT_SECRET$/.test(name) && Buffer.byteLength(secret) < MIN_JWT_SECRET_BYTES)
    throw new Error(
      `${name} must have at least ${MIN_JWT_SECRET_BYTES} bytes: openssl rand -hex 32 makes one.`,
    );
  if (/^TELEGRAM_SESSION_KEY/.test(name) && !SESSION_KEY.test(secret))
    throw new Error(`${name} must be 32 bytes in base64: openssl rand -base64 32 makes one.`);
}
