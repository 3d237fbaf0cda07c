import { app, modules } from "./app.ts";
import { createWorker } from "./platform/worker.ts";

export { RateWindow } from "./email-service/worker.ts";
export { CompanyHub } from "./ems/worker.ts";
export { ChatRoom } from "./hub/worker.ts";
export { TelegramMailing } from "./telegram/worker.ts";

export default createWorker(app, modules);
