import { parseArgs } from "node:util";
import { jwtSecret, signToken } from "../dev/token.ts";

// npm run move -- --company 7 [--url https://xabar.example.com] [--token …]
// Moves a company's rows from D1 to its Durable Object, and waits for the end. Interrupting it does not stop the move.

interface MoveStatus {
  store: "d1" | "object";
  stage: string | null;
  copied: number;
  repaired: number;
  error: string | null;
}

const WAIT_MS = 1000;

const { values } = parseArgs({
  options: {
    company: { type: "string" },
    url: { type: "string", default: "http://localhost:8787" },
    /** Of an admin of the company. Without it, one is signed with JWT_SECRET. */
    token: { type: "string" },
  },
});

async function call(method: "GET" | "POST", company: number, token: string): Promise<MoveStatus> {
  const url = `${values.url.replace(/\/$/, "")}/companies/${company}/move`;
  const response = await fetch(url, { method, headers: { authorization: `Bearer ${token}` } });
  const body = await response.json();
  if (!response.ok) throw new Error(`${response.status}: ${(body as { detail?: string }).detail}`);
  return body as MoveStatus;
}

async function run(): Promise<void> {
  const company = Number(values.company);
  if (!(Number.isSafeInteger(company) && company > 0)) throw new Error("--company must be a company's id");
  const token =
    values.token ??
    (await signToken({ user: 1, companies: [company], role: "admin", hours: 24 }, jwtSecret()));
  let status = await call("POST", company, token);
  while (status.stage !== null) {
    const { stage, copied, repaired, error } = status;
    console.log(
      `${stage}: ${copied} rows copied, ${repaired} repaired${error ? `; tries again: ${error}` : ""}`,
    );
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    status = await call("GET", company, token);
  }
  console.log(`Company ${company} is in its Durable Object.`);
}

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
