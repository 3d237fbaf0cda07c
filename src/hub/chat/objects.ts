import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";
import type { Ring } from "./contract.ts";
import { versionOf } from "./versions.ts";

/** The Object of a room. */
export const objectOf = ({ env }: Pick<Ctx, "env">, room: string) => env.CHAT_ROOM.getByName(room);

/**
 * Tells a room, after the commit, that some may hear less. If that fails a job repeats it, and the room itself asks the
 * database at the latest 30 seconds later. It never fails.
 */
export async function ring(ctx: Ctx, room: string, { version, users }: Ring): Promise<void> {
  try {
    await objectOf(ctx, room).ring({ version, users });
  } catch (error) {
    log("warn", "chat.ring_failed", { error });
    await enqueueJob(ctx, { type: "ring-room", room, users }).catch(() => {});
  }
}

/** Job: rings a room again. @throws Error when it fails: the job is tried again */
export async function ringAgain(ctx: Ctx, { room, users }: { room: string; users: number[] }): Promise<void> {
  const version = await versionOf(ctx, room);
  if (version === null) await objectOf(ctx, room).end();
  else await objectOf(ctx, room).ring({ version, users });
}
