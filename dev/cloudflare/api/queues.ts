import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import type { Account, Consumer, Queue } from "../account.ts";
import { type Api, Refusal, succeed, succeedWithPage } from "./wire.ts";

interface ConsumerBody {
  type: string;
  script_name: string;
  dead_letter_queue?: string;
  settings: object;
}

function queueOf({ queues }: Account, id: string): Queue {
  const found = queues.get(id);
  if (!found) throw new Refusal(404, 11000, "Queue does not exist");
  return found;
}

function requireQueue({ queues }: Account, name: string | undefined): void {
  if (name !== undefined && ![...queues.values()].some(({ queue_name }) => queue_name === name))
    throw new Refusal(400, 11003, `The dead letter queue ${name} does not exist`);
}

const shown = ({ account }: { account: Account }, queue: Queue) => ({
  ...queue,
  consumers_total_count: queue.consumers.length,
  producers: [...account.scripts.values()].map(({ name }) => ({ type: "worker", script: name })),
});

/** Queues, under /queues. A page has 20, however many are asked for. */
export const queues = new Hono<Api>()
  .get("/", (c) => {
    const names = c.req.queries("name") ?? [];
    const all = [...c.var.account.queues.values()].filter(
      ({ queue_name }) => names.length === 0 || names.includes(queue_name),
    );
    return succeedWithPage(
      c,
      all.map((queue) => shown(c.var, queue)),
      20,
    );
  })
  .post("/", async (c) => {
    const { queue_name } = await c.req.json<{ queue_name: string }>();
    const all = c.var.account.queues;
    if ([...all.values()].some((each) => each.queue_name === queue_name))
      throw new Refusal(
        409,
        11009,
        `Queue name '${queue_name}' is already taken. Please use a different name and try again.`,
      );
    const queue = { queue_id: randomUUID().replaceAll("-", ""), queue_name, consumers: [] };
    all.set(queue.queue_id, queue);
    return succeed(c, shown(c.var, queue));
  })
  .get("/:queue", (c) => succeed(c, shown(c.var, queueOf(c.var.account, c.req.param("queue")))))
  .patch("/:queue", async (c) => {
    const queue = queueOf(c.var.account, c.req.param("queue"));
    const { settings } = await c.req.json<{ settings: Queue["settings"] }>();
    queue.settings = { ...queue.settings, ...settings };
    return succeed(c, shown(c.var, queue));
  })
  .get("/:queue/consumers", (c) => succeed(c, queueOf(c.var.account, c.req.param("queue")).consumers))
  .post("/:queue/consumers", async (c) => {
    const queue = queueOf(c.var.account, c.req.param("queue"));
    const body = await c.req.json<ConsumerBody>();
    if (queue.consumers.length > 0) throw new Refusal(409, 11004, "The queue already has a consumer");
    const consumer = consumerFrom(c.var.account, body);
    queue.consumers.push(consumer);
    return succeed(c, consumer);
  })
  .put("/:queue/consumers/:consumer", async (c) => {
    const queue = queueOf(c.var.account, c.req.param("queue"));
    const at = queue.consumers.findIndex(({ consumer_id }) => consumer_id === c.req.param("consumer"));
    if (at < 0) throw new Refusal(404, 11001, "Consumer does not exist");
    const consumer = consumerFrom(c.var.account, await c.req.json<ConsumerBody>(), c.req.param("consumer"));
    queue.consumers[at] = consumer;
    return succeed(c, consumer);
  });

function consumerFrom(
  account: Account,
  { type, script_name, dead_letter_queue, settings }: ConsumerBody,
  consumer_id = randomUUID().replaceAll("-", ""),
): Consumer {
  requireQueue(account, dead_letter_queue);
  if (!account.scripts.has(script_name)) throw new Refusal(400, 11006, `There is no Worker ${script_name}`);
  const dead = dead_letter_queue === undefined ? {} : { dead_letter_queue };
  return { consumer_id, script: script_name, type, ...dead, settings };
}
