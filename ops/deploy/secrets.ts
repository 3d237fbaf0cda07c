import { randomBytes } from "node:crypto";
import type { Cloudflare } from "./cloudflare.ts";
import type { DeployOptions } from "./options.ts";
import { absentFor } from "./resources.ts";
import type { Worker } from "./worker.ts";

/** Stored as secrets if they are in the environment, although the Worker can do without them. */
const OPTIONAL = [
  ...["JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE", "CORS_ORIGINS"],
  ...["METRICS_TOKEN", "NYLAS_API_URI", "NYLAS_CLIENT_ID", "NYLAS_WEBHOOK_SECRET"],
  ...["R2_S3_ENDPOINT", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"],
];

/** RFC 7518 section 3.2. */
const MIN_JWT_SECRET_BYTES = 32;

export interface Secrets {
  /** The names of those that the Worker has. They are never changed. */
  stored: string[];
  /** Those that it lacks, with their values. */
  missing: Record<string, string>;
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
  const { given, isDryRun, print } = options;
  const path = `/workers/scripts/${worker.name}/secrets`;
  const listed = await absentFor(10007, cloudflare.call<{ name: string }[]>("GET", path));
  const stored = (listed ?? []).map(({ name }) => name);
  const isSet = (name: string) => stored.includes(name) || Boolean(worker.vars[name]);
  const missing: Record<string, string> = {};
  for (const name of [...OPTIONAL, ...options.named]) {
    const value = given[name];
    if (value && !isSet(name)) missing[name] = value;
  }
  const value = async (name: string, why: string, random?: () => string) => {
    const known = given[name];
    if (known) return known;
    if (isDryRun) print(`would ask for ${name}: ${why}`);
    return isDryRun ? undefined : askFor(options, name, why, random);
  };
  if (!isSet("JWT_SECRET") && !isSet("JWT_JWKS_URL") && !missing.JWT_JWKS_URL) {
    const secret = await value("JWT_SECRET", "it verifies the tokens of your users", randomSecret);
    if (secret) missing.JWT_SECRET = secret;
  } else if (given.JWT_SECRET && !isSet("JWT_SECRET")) missing.JWT_SECRET = given.JWT_SECRET;
  const hasKey = isSet("NYLAS_API_KEY");
  const why = hasKey ? "to register the webhook, once more" : "the API key of your Nylas application";
  const isNeeded = !hasKey || !(isSet("NYLAS_WEBHOOK_SECRET") || missing.NYLAS_WEBHOOK_SECRET);
  const nylasKey = isNeeded ? await value("NYLAS_API_KEY", why) : given.NYLAS_API_KEY;
  if (nylasKey && !hasKey) missing.NYLAS_API_KEY = nylasKey;
  for (const [name, secret] of Object.entries(missing)) refuseUnsafe(name, secret);
  if (isDryRun && Object.keys(missing).length > 0) print(`would store ${Object.keys(missing).join(", ")}`);
  return { stored, missing, nylasKey };
}

const randomSecret = (): string => randomBytes(32).toString("hex");

async function askFor(
  { ask, print }: DeployOptions,
  name: string,
  why: string,
  random: (() => string) | undefined,
): Promise<string> {
  if (!ask) throw new Error(`${name} is missing (${why}): set it in the environment or in --secrets-file.`);
  for (;;) {
    const answer = await ask(`${name} (${why})${random ? "; Enter makes a random one" : ""}: `);
    if (answer) return answer;
    if (!random) continue;
    const made = random();
    print(`${name} is ${made}\nKeep it where tokens are signed. It is not shown again.`);
    return made;
  }
}

/** @throws Error for a secret that the Worker would refuse: see src/platform/config.ts */
function refuseUnsafe(name: string, secret: string): void {
  if (secret.includes("do-not-deploy"))
    throw new Error(`${name} is public in .dev.vars.example: give another, such as openssl rand -hex 32.`);
  if (name === "JWT_SECRET" && Buffer.byteLength(secret) < MIN_JWT_SECRET_BYTES)
    throw new Error(
      `JWT_SECRET must have at least ${MIN_JWT_SECRET_BYTES} bytes: openssl rand -hex 32 makes one.`,
    );
}
