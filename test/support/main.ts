// The Worker with fakes of the mailboxes and of the Telegram accounts, which are scripts of their own.
export { ChatRoom, CompanyHub, default, RateWindow, TelegramMailing } from "../../src/index.ts";
export { Mailbox } from "./fake-mailbox.ts";
export { TelegramAccount } from "./fake-telegram-account.ts";
