import { parseArgs } from "node:util";
import { jwtSecret, signOperatorToken } from "./token.ts";

// Writes a user of Telegram auto-mailing into a running Worker, as an operator:
// npm run telegram -- user 123456789 --phone 998901234567 --name Ali --sender 2027-01-01

const USAGE = `npm run telegram -- user <telegram id> --phone 998901234567 --name Ali [--lang 0|1|2]
  [--sender 2027-01-01] [--finder 2027-01-01] [--url http://localhost:8787]
npm run telegram -- delete <telegram id> [--url http://localhost:8787]`;

const OPTIONS = {
  phone: { type: "string" },
  name: { type: "string" },
  /** 0 Russian, 1 Uzbek in Latin, 2 Uzbek in Cyrillic letters. */
  lang: { type: "string", default: "1" },
  /** The last days of the subscriptions. With one of them, the other is none if it is left out. */
  sender: { type: "string" },
  finder: { type: "string" },
  url: { type: "string", default: "http://localhost:8787" },
} as const;

/** Sends a request as an operator. @throws Error with what the Worker answers when it refuses, or that it does not answer */
async function operate(url: string, method: string, path: string, body?: object): Promise<string> {
  const token = await signOperatorToken(0.1, jwtSecret());
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  }).catch(() => {
    throw new Error(
      `Nothing answers at ${url}: start the Worker with npm run dev, or give its address with --url`,
    );
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text;
}

async function run(args: string[]): Promise<string> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [command, id = ""] = positionals;
  const path = `/telegram/users/${id}`;
  if (positionals.length !== 2 || !/^[1-9]\d{0,14}$/.test(id)) throw new Error(USAGE);
  if (command === "delete") {
    await operate(values.url, "DELETE", path);
    return `${id} is deleted`;
  }
  if (command !== "user") throw new Error(USAGE);
  const { phone, name, lang, sender = null, finder = null } = values;
  const user = await operate(values.url, "PUT", path, { phone, first_name: name, lang });
  if (sender === null && finder === null) return user; // the subscriptions stay
  return operate(values.url, "PUT", `${path}/subscription`, {
    sender_ends_at: sender,
    finder_ends_at: finder,
  });
}

try {
  console.log(await run(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
