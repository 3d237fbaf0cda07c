import { deliverDue } from "./deliveries.ts";
import { sendDue } from "./schedules.ts";
import type { World } from "./world.ts";

/** Does what is due: sends the mails scheduled for now, then delivers the notifications. */
export async function tick(world: World): Promise<void> {
  sendDue(world);
  await deliverDue(world);
}
