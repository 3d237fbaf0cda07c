import { Hono } from "hono";
import { apiRoutes } from "./api/routes.ts";
import type { RegisteredWebhook } from "./api/webhooks.ts";
import { registerWebhooks } from "./api/webhooks.ts";
import { controlRoutes } from "./control.ts";
import { changeChaos } from "./faults/chaos-control.ts";
import { ownRequest } from "./http/foreign-request.ts";
import { inbound } from "./mailboxes/deposit.ts";
import type { NewGrant } from "./mailboxes/grants.ts";
import { addGrant } from "./mailboxes/grants.ts";
import type { ChaosSettings, ChaosUpdate } from "./store/chaos-settings.ts";
import { calm } from "./store/chaos-settings.ts";
import type { InboundMail, OutgoingMail } from "./store/mail.ts";
import type { SimSnapshot } from "./store/snapshot.ts";
import { fromSnapshot, takeSnapshot } from "./store/snapshot.ts";
import type { Grant, Store, StoredMessage } from "./store/store.ts";
import { emptyStore } from "./store/store.ts";
import type { World } from "./store/world.ts";
import { deliverDue } from "./webhooks/deliveries.ts";

export type { ChaosSettings, ChaosUpdate } from "./store/chaos-settings.ts";
export type { Address, InboundMail, OutgoingMail, SignedMail } from "./store/mail.ts";
export type { SimSnapshot } from "./store/snapshot.ts";
export type { Grant, StoredMessage } from "./store/store.ts";

export interface SimOptions {
  apiKey: string;
  /** When set, /__sim/* needs `Authorization: Bearer <it>`; absent, the control API is off (404). */
  controlToken?: string;
  /** All ids and randomness come from it; default 1. */
  seed?: number;
  /** Milliseconds since the epoch; default Date.now. `advance` adds to it. */
  now?: () => number;
  /** How webhooks leave; default fetch. */
  deliver?: (request: Request) => Promise<Response>;
  /** Called once per sent mail that has recipients who are no grant here. */
  onOutgoing?: (mail: OutgoingMail) => void;
  /** The state to start from, and to go back to on reset. */
  snapshot?: SimSnapshot;
  /** Registered from the start, without a challenge. */
  webhooks?: RegisteredWebhook[];
  /** The share of sends announced by message.updated in place of message.created; default 0.3. */
  sentAsUpdated?: number;
  /** False where whoever ticks also has to answer the webhooks: a tick then only starts attempts. Default true. */
  awaitDeliveries?: boolean;
}

export interface NylasSim {
  /** Answers any host: only the path matters. */
  fetch(request: Request): Promise<Response>;
  /** Starts the webhook attempts that are due and waits for them; may run beside itself. */
  tick(): Promise<void>;
  /** Idempotent per email. */
  addGrant(input: NewGrant): Grant;
  /** One stored message per grant among the recipients, plus the sender's when `folder` is SENT. */
  inbound(mail: InboundMail): StoredMessage[];
  /** Changes what goes wrong by chance, and returns all of it; without an argument nothing does any more. */
  chaos(update?: ChaosUpdate): ChaosSettings;
  /** All that the stand-in remembers, JSON-serialisable. */
  snapshot(): SimSnapshot;
}

/** A stand-in for the Nylas v3 API, in memory. */
export function createNylasSim(options: SimOptions): NylasSim {
  const world: World = {
    store: initialStore(options),
    faults: { planned: [], hanging: new Set(), notFoundOnce: new Set() },
    chaos: calm(),
    requests: [],
    deliveries: [],
    buckets: new Map(),
    attempting: new Map(),
    sending: new Set(),
    calls: new Set(),
    clock: options.now ?? Date.now,
    deliver: options.deliver ?? ((request) => fetch(request)),
    onOutgoing: options.onOutgoing ?? (() => {}),
    sentAsUpdated: options.sentAsUpdated ?? 0.3,
    awaitDeliveries: options.awaitDeliveries ?? true,
  };

  const app = new Hono();
  if (options.controlToken !== undefined) {
    app.route(
      "/__sim",
      controlRoutes(world, options.controlToken, () => initialStore(options)),
    );
  }
  app.route("/", apiRoutes(world, options.apiKey));
  app.onError((error) => {
    throw error;
  });

  return {
    fetch: async (request) => app.fetch(await ownRequest(request)),
    tick: () => deliverDue(world),
    addGrant: (input) => addGrant(world, input),
    inbound: (mail) => inbound(world, mail),
    chaos: (update) => changeChaos(world, update),
    snapshot: () => takeSnapshot(world.store),
  };
}

function initialStore({ snapshot, seed = 1, webhooks = [], now = Date.now }: SimOptions): Store {
  const store = snapshot ? fromSnapshot(snapshot) : emptyStore(seed);
  registerWebhooks(store, webhooks, now() + store.clock_offset);
  return store;
}
