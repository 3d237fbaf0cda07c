// The same as main.ts, of the Worker for one machine.
export { ChatRoom, CompanyHub, default, RateWindow } from "../../dev/worker/index.ts";
export { Mailbox } from "./fake-mailbox.ts";
