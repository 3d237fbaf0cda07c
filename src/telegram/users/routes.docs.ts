import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /api/v1/auto-mailing/status/:telegramId": {
    id: "getStatus",
    summary: "Get all of a user",
    description: "The user, how many accounts and groups there are, the mailing and the subscriptions.",
  },
  "GET /telegram/users": {
    id: "listUsers",
    summary: "List users",
    description: "For operators. By Telegram id.",
    security: ["bearer"],
  },
  "GET /telegram/users/:telegramId": {
    id: "getUser",
    summary: "Get a user",
    description: "For operators.",
    security: ["bearer"],
  },
  "PUT /telegram/users/:telegramId": {
    id: "putUser",
    summary: "Make or change a user",
    description:
      "For operators. Subscriptions stay. A user who is still being erased cannot be made again yet.",
    security: ["bearer"],
  },
  "PUT /telegram/users/:telegramId/subscription": {
    id: "putSubscription",
    summary: "Set the subscriptions of a user",
    description: "For operators. Each ends with its last day in `TELEGRAM_TIMEZONE`; null for none.",
    security: ["bearer"],
  },
  "DELETE /telegram/users/:telegramId": {
    id: "deleteUser",
    summary: "Delete a user",
    description:
      "For operators. Nobody sees the user any more. The accounts are signed out and everything is erased, if need be by cron.",
    security: ["bearer"],
    responses: { 204: "Deleted." },
  },
};
