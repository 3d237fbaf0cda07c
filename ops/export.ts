import { parseArgs } from "node:util";
import { jwtSecret, signToken } from "../dev/token.ts";
import { createApi } from "./export/api.ts";
import { openFolder } from "./export/files.ts";
import { exportCompany } from "./export/run.ts";

// npm run export -- --company 7 --out folder [--url https://xabar.example.com] [--token …]
// Writes a company's mail, and one member's state of it, to a folder. Run it again after an interruption.

const { values } = parseArgs({
  options: {
    company: { type: "string" },
    out: { type: "string" },
    url: { type: "string", default: "http://localhost:8787" },
    /** Of a member of the company. Without it, one for `--user` is signed with JWT_SECRET. */
    token: { type: "string" },
    user: { type: "string", default: "1" },
  },
});

async function run(): Promise<void> {
  const [company, user] = [Number(values.company), Number(values.user)];
  if (!(Number.isSafeInteger(company) && company > 0)) throw new Error("--company must be a company's id");
  if (!(Number.isSafeInteger(user) && user > 0)) throw new Error("--user must be a user's id");
  if (!values.out) throw new Error("--out must be a folder");
  const token =
    values.token ?? (await signToken({ user, companies: [company], role: "member", hours: 24 }, jwtSecret()));
  const folder = openFolder(values.out, company);
  await exportCompany(createApi(values.url.replace(/\/$/, ""), token), folder, (step) => console.log(step));
  const { missing } = folder.progress;
  console.log(`Company ${company} is in ${values.out}.`);
  if (missing.length === 0) return;
  console.error(`The mail provider no longer has these attachments: ${missing.join(", ")}`);
  process.exitCode = 3;
}

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
