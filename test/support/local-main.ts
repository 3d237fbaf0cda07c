// The same as main.ts, of the Worker for one machine.
export { ChatRoom, CompanyHub, default, RateWindow, TelegramMailing } from "../../dev/worker/index.ts";
export { Mailbox } from "./fake-mailbox.ts";
export { TelegramAccount } from "./fake-telegram-account.ts";
