import type { RouteDocs } from "../../platform/docs.ts";

const BASE = "/api/v1/auto-mailing/accounts/:telegramId";
const phone = "`phone` is in digits, with or without a plus.";
const unavailable =
  "Telegram cannot be asked. `detail` says what the operator has to set, or that Telegram cannot be reached.";
const steps = "A refusal is a 200 with `success: false`.";

export const docs: RouteDocs = {
  [`GET ${BASE}`]: {
    id: "listTelegramAccounts",
    summary: "List accounts",
    description:
      "The accounts that are or were connected, in the order in which they were. `is_active` is false for one that Telegram has signed out or limited.",
  },
  [`POST ${BASE}/send-code`]: {
    id: "sendTelegramCode",
    summary: "Send a login code",
    description: `Has Telegram send a code, at least a minute apart and at most five a day per phone, and ten a day per user. ${steps} \`code_unavailable\`: Telegram sends a code only in a way that needs its own app.`,
    responses: { 503: unavailable },
  },
  [`POST ${BASE}/verify-code`]: {
    id: "verifyTelegramCode",
    summary: "Sign in by a code",
    description: `A code is valid for 15 minutes and five tries. ${steps} Once an account is connected, its groups are looked up.`,
    responses: { 503: unavailable },
  },
  [`POST ${BASE}/verify-2fa`]: {
    id: "verifyTelegramPassword",
    summary: "Sign in by the password of two-step verification",
    description: `The password is used once, and is neither stored nor logged. ${steps}`,
    responses: { 503: unavailable },
  },
  [`GET ${BASE}/:phone`]: {
    id: "getTelegramAccount",
    summary: "Get an account",
    description: `${phone} \`reason\` says why it is paused or signed out, \`until\` when a pause ends by itself.`,
  },
  [`DELETE ${BASE}/:phone`]: {
    id: "removeTelegramAccount",
    summary: "Remove an account",
    description: `${phone} It is forgotten at once; Telegram's session is ended within a day.`,
    responses: { 503: unavailable },
  },
  [`POST ${BASE}/:phone/resume`]: {
    id: "resumeTelegramAccount",
    summary: "End the pause of an account",
    description: `${phone} Telegram may ban an account that goes on after a limit.`,
  },
};
