// The Worker with a fake of the mailboxes, which are a script of their own: src/mailbox.
export { ChatRoom, CompanyHub, default, RateWindow } from "../../src/index.ts";
export { Mailbox } from "./fake-mailbox.ts";
