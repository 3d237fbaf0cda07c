import { Hono } from "hono";
import { apiRoutes } from "./api/routes.ts";
import type { RegisteredWebhook } from "./api/webhooks.ts";
import { registerWebhooks } from "./api/webhooks.ts";
import { controlRoutes } from "./control.ts";
import { changeChaos } from "./faults/chaos-control.ts";
import { ownRequest } from "./http/foreign-request.ts";
import { inbound } from "./mailboxes/deposit.ts";
import type { NewGrant } from "./mailboxes/grants.ts";
import { addGrant, grantByEmail } from "./mailboxes/grants.ts";
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
export { recipientsOf } from "./store/mail.ts";
export type { SimSnapshot } from "./store/snapshot.ts";
export type { Grant, StoredMessage } from "./store/store.ts";

export interface SimOptions {
  apiKey: string;
  /** The bearer token of /__sim/*. Without it the control API answers 404. */
  controlToken?: string;
  /** Seed of all ids and random choices. Default: 1. */
  seed?: number;
  /** The clock, in milliseconds since the epoch. Default: Date.now. */
  now?: () => number;
  /** Sends webhook requests. Default: fetch. */
  deliver?: (request: Request) => Promise<Response>;
  /** Called once for each sent message that has recipients without a grant here. */
  onOutgoing?: (mail: OutgoingMail) => void;
  /** The initial state, which a reset restores. */
  snapshot?: SimSnapshot;
  /** Webhooks that exist from the start, without a challenge. */
  webhooks?: RegisteredWebhook[];
  /** The share of sends that raise message.updated instead of message.created. Default: 0.3. */
  sentAsUpdated?: number;
  /** False makes a tick start attempts without waiting, for a caller that must answer them itself. Default: true. */
  awaitDeliveries?: boolean;
}

export interface NylasSim {
  /** Answers a request. The host does not matter. */
  fetch(request: Request): Promise<Response>;
  /** Starts the webhook attempts that are due, and waits for them. Concurrent calls are safe. */
  tick(): Promise<void>;
  /** Idempotent for each address. */
  addGrant(input: NewGrant): Grant;
  /** Whether an address has a grant. */
  hasGrant(email: string): boolean;
  /** Stores a copy for each recipient with a grant, and with `folder` SENT for the sender. */
  inbound(mail: InboundMail): StoredMessage[];
  /** Updates the chaos settings and returns them. Without an argument, switches all off. */
  chaos(update?: ChaosUpdate): ChaosSettings;
  /** The whole state, JSON-serialisable. */
  snapshot(): SimSnapshot;
}

/** Creates a stand-in for the Nylas v3 API, in memory. */
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
    hasGrant: (email) => grantByEmail(world, email) !== undefined,
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
