import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { startLocalTelegram, telegramInstructions } from "../../../dev/telegram/local.ts";
import { waitFor } from "../../support/wait.ts";

const state = mkdtempSync(join(tmpdir(), "xabar-telegram-"));
const ports = { page: 0, dc2: 0, dc4: 0 };
let first: Awaited<ReturnType<typeof startLocalTelegram>>;

afterAll(async () => {
  await first.close();
  rmSync(state, { recursive: true });
});

it("what happens at the stand-in is kept at once: it may have no time to end", async () => {
  first = await startLocalTelegram(state, ports);
  const kept = () => readFileSync(join(state, "telegram.json"), "utf8");
  expect(kept()).toContain("Logistika Uzbekistan");
  const body = JSON.stringify({ firstName: "Vali" });
  await fetch(`${first.page}/phones/998901234567`, { method: "PATCH", body });
  await waitFor(() => expect(kept()).toContain("Vali"));
});

it("the lines with the stand-in's phones are not printed where Telegram itself would be asked", () => {
  const told = (own: Record<string, string>) => telegramInstructions("http://localhost:1", first, own);
  expect(told({})).toContain("998901234567");
  expect(told({ TELEGRAM_API_ID: "12345" })).not.toMatch(/\d{12}|curl/);
});
