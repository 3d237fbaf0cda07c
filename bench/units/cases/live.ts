import { setTimeout as sleep } from "node:timers/promises";
import { openEventStream } from "../../live/event-stream.ts";
import { eventually } from "../../support/clock.ts";
import { filledId } from "../../support/fill.ts";
import { call, type Stage } from "../stage.ts";
import { type Case, plain } from "./case.ts";
import { newMail } from "./mail.ts";

/** Long enough for hibernation: workerd evicts an idle Durable Object after 10 s. */
const IDLE_SECONDS = 12;
/** The limit of streams per user and company: see the hub. */
const STREAMS = 20;

const THREAD = filledId("thread", 1, 22);

/** Opens streams until the end of the stage, and waits for their first events. */
async function open(stage: Stage, count: number): Promise<void> {
  let connected = 0;
  for (let n = 0; n < count; n++) {
    await openEventStream(`${stage.worker.url}/sse/events?token=${stage.tokens.newcomer}`, {
      onEvent(name, data) {
        stage.bytes += data.length;
        stage.events++;
        if (name === "connected") connected++;
      },
      onComment: () => {},
      onClose: () => {},
    });
  }
  await eventually("The streams begin", async () => connected === count || undefined);
}

/** A change that sends an event to the whole company. */
const tell = (name: string, streams: number, isProtected: boolean): Case =>
  plain(name, {}, async (stage) => {
    const expected = stage.events + streams;
    await call(stage, "colleague", "PATCH", `/threads/${THREAD}`, { do_not_delete: isProtected });
    await eventually("The event comes", async () => stage.events >= expected || undefined);
  });

/** Streams. The order matters: each case keeps the streams of the previous one open. */
export const LIVE: Case[] = [
  plain("a ticket for a stream", { route: "POST /sse/ticket" }, (stage) =>
    call(stage, "newcomer", "POST", "/sse/ticket"),
  ),
  tell("protect a thread, no stream open", 0, true),
  plain("open a stream", { route: "GET /sse/events" }, (stage) => open(stage, 1)),
  plain(`hold a stream open, idle for ${IDLE_SECONDS} s`, {}, () => sleep(IDLE_SECONDS * 1000)),
  tell("protect a thread, 1 stream open, its hub asleep", 1, false),
  tell("protect a thread, 1 stream open", 1, true),
  plain(`open ${STREAMS - 1} streams more`, {}, (stage) => open(stage, STREAMS - 1)),
  tell(`protect a thread, ${STREAMS} streams open`, STREAMS, false),
  newMail(`new mail, known thread, ${STREAMS} streams open`),
  // Must be last, since an alarm of the hub follows after 30 s, which is one more request.
  plain("say that one is at a thread", { route: "POST /threads/:thread_id/presence" }, (stage) =>
    call(stage, "colleague", "POST", `/threads/${THREAD}/presence`, { state: "viewing" }),
  ),
];
