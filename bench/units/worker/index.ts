import { app } from "../../../src/app.ts";
import { app as emailService } from "../../../src/email-service/routes.ts";
import { app as ems } from "../../../src/ems/routes.ts";
import worker, { CompanyHub as Hub } from "../../../src/index.ts";
import { HUB_PEOPLE_PATH, METER_PATH, ROUTES_PATH } from "../billing.ts";
import { insertPeople } from "./hub-people.ts";
import { during, meter, noteQueued, readMeter, resetMeter } from "./meter.ts";
import { meteredEnv, operationsOf } from "./metered-env.ts";

export { ChatRoom, RateWindow, TelegramMailing } from "../../../src/index.ts";

/** A hub whose reads of the log are counted. */
export class CompanyHub extends Hub {
  constructor(state: DurableObjectState, env: Env) {
    super(state, meteredEnv(env));
    meter.hubStarts++;
  }

  override alarm(): Promise<void> {
    meter.units.durableRequests++;
    return during(() => super.alarm());
  }

  override webSocketMessage(): void {
    meter.units.durableRequests += 1 / 20;
  }
}

/** The deployed Worker with metered bindings, and a path that returns the meter. */
export default {
  async fetch(request, env, execution) {
    const { pathname } = new URL(request.url);
    if (pathname === METER_PATH) return control(request.method, env, execution);
    if (pathname === ROUTES_PATH) return Response.json(listRoutes());
    if (pathname === HUB_PEOPLE_PATH) return insertPeople(env.HUB_DB, await request.json());
    return during(() => worker.fetch(request, meteredEnv(env), watched(execution)));
  },
  queue: (batch, env, execution) =>
    during(() => worker.queue(meteredBatch(batch), meteredEnv(env), watched(execution))),
} satisfies ExportedHandler<Env>;

/** Excludes middleware, which has the method ALL. */
function listRoutes(): string[] {
  const apps = [app.own, ems, emailService];
  const registered = apps.flatMap(({ routes }) => routes).filter(({ method }) => method !== "ALL");
  return [...new Set(registered.map(({ method, path }) => `${method} ${path}`))];
}

async function control(method: string, env: Env, execution: ExecutionContext): Promise<Response> {
  if (method === "DELETE") resetMeter();
  if (method === "POST") await runCron(env, execution);
  return Response.json(readMeter());
}

const runCron = (env: Env, execution: ExecutionContext) =>
  during(() => {
    const event = { scheduledTime: Date.now(), cron: "*/10 * * * *", noRetry: () => {} };
    return worker.scheduled(event, meteredEnv(env), watched(execution));
  });

function watched(execution: ExecutionContext): ExecutionContext {
  return {
    waitUntil: (work: Promise<unknown>) => execution.waitUntil(during(() => work)),
    passThroughOnException: () => execution.passThroughOnException(),
    props: execution.props,
  } as ExecutionContext;
}

/** Counts a read per delivered message, and a deletion per acknowledgement. */
function meteredBatch(batch: MessageBatch): MessageBatch {
  const messages = batch.messages.map((message): Message => {
    const operations = operationsOf(message.body);
    meter.units.queueOps += operations;
    return {
      ...{ id: message.id, timestamp: message.timestamp, body: message.body, attempts: message.attempts },
      retry: (options) => message.retry(options),
      ack: () => {
        meter.units.queueOps += operations;
        noteQueued(-1);
        message.ack();
      },
    } as Message;
  });
  return { queue: batch.queue, messages } as unknown as MessageBatch;
}
