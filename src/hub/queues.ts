import { log } from "../platform/log.ts";
import { createConsumer } from "../platform/queues.ts";
import { deleteAccount } from "./accounts/erase.ts";
import { mailLink } from "./auth/new-password.ts";
import { ringAgain } from "./chat/objects.ts";
import { clearRoom } from "./chat/rooms/remove.ts";
import { type Ctx, createContext } from "./context.ts";
import { geocode } from "./geo/addresses.ts";
import { Job } from "./jobs.ts";
import { sendMail } from "./mail/send.ts";
import { deleteFilesOn } from "./media/clean.ts";
import { clearPost } from "./posts/remove.ts";

type Handlers = { [Type in Job["type"]]?: (ctx: Ctx, job: Extract<Job, { type: Type }>) => Promise<void> };

const HANDLERS: Handlers = {
  mail: sendMail,
  "reset-link": mailLink,
  "delete-files": deleteFilesOn,
  "clear-post": (ctx, { postId }) => clearPost(ctx, postId),
  "delete-account": deleteAccount,
  geocode,
  "ring-room": ringAgain,
  "clear-room": clearRoom,
};

export const jobs = createConsumer({
  context: createContext,
  handle: async (ctx: Ctx, body) => {
    const job = Job().parse(body);
    await (HANDLERS[job.type] as ((ctx: Ctx, job: Job) => Promise<void>) | undefined)?.(ctx, job);
  },
});

/** Gives up what failed every retry: cron finds it again as long as it is due. */
export const deadJobs = createConsumer({
  context: createContext,
  handle: async (_ctx: Ctx, body) => {
    const { data } = Job().safeParse(body);
    log("error", "hub.job_lost", { job: data?.type ?? null });
  },
});
