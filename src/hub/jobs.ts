import * as z from "zod/mini";
import { type Infer, lazy } from "../lib/lazy.ts";
import type { Ctx } from "./context.ts";

/** What is done after a request. Each may come twice, and does no harm then. */
export const Job = lazy(() =>
  z.union([
    /** Sends a mail of the outbox. */
    z.object({ type: z.literal("mail"), id: z.string() }),
    /** Mails a reset link to an e-mail, if it has an account. `origin` is the module's public base URL. */
    z.object({ type: z.literal("reset-link"), email: z.string(), origin: z.string() }),
    /** Goes on with the deletion of an account. */
    z.object({ type: z.literal("delete-account"), userId: z.int() }),
    /** Asks the geocoder for the address of somebody's position. */
    z.object({ type: z.literal("geocode"), userId: z.int() }),
    /** Removes likes, comments and views of a post that is gone. */
    z.object({ type: z.literal("clear-post"), postId: z.string() }),
    /** Removes what is left of a room that has ended. */
    z.object({ type: z.literal("clear-room"), room: z.string() }),
    /** Tells a room again that some may hear less, or that it has ended. */
    z.object({ type: z.literal("ring-room"), room: z.string(), users: z.array(z.int()) }),
    /** Deletes objects of files that nothing refers to any more. */
    z.object({ type: z.literal("delete-files") }),
  ]),
);

export type Job = Infer<typeof Job>;

/** Enqueues a job after the response. It never fails: cron finds what is due without it. */
export const enqueueSoon = (ctx: Ctx, job: Job): void => ctx.defer(enqueueJob(ctx, job).catch(() => {}));

/** Enqueues a job. @throws Error when the queue fails: cron finds what is due without it */
export const enqueueJob = ({ env }: Ctx, job: Job, delaySeconds = 0): Promise<unknown> =>
  env.HUB_JOBS.send(job, delaySeconds > 0 ? { delaySeconds } : {});
