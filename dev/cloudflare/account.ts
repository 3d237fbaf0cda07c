import { randomUUID } from "node:crypto";

export interface Database {
  uuid: string;
  name: string;
  created_at: string;
  /** States to go back to, by their bookmark, which sorts by time. The real one keeps all of the last 30 days. */
  bookmarks?: string[];
}

export interface Bucket {
  name: string;
  creation_date: string;
  /** Lifecycle rules, as they were put. */
  rules: { id: string }[];
}

export interface Consumer {
  consumer_id: string;
  script: string;
  type: string;
  dead_letter_queue?: string;
  settings: object;
}

export interface Queue {
  queue_id: string;
  queue_name: string;
  consumers: Consumer[];
  settings?: { delivery_paused?: boolean };
}

/** A binding of a version, in the shape of the upload's metadata. */
export interface Binding {
  name: string;
  type: string;
  [field: string]: unknown;
}

/** Static files by their path. */
export type Manifest = Record<string, { hash: string; size: number }>;

/** An upload: the Worker's modules by name, and what wrangler says of them. */
export interface Version {
  id: string;
  number: number;
  created_on: string;
  metadata: { main_module: string; compatibility_date: string; compatibility_flags: string[] };
  bindings: Binding[];
  modules: Map<string, { content: Uint8Array<ArrayBuffer>; type: string }>;
  assets?: { manifest: Manifest; config: object };
}

export interface Script {
  name: string;
  tag: string;
  migrationTag: string | undefined;
  /** Durable Object classes that keep their data in SQLite. */
  sqliteClasses: string[];
  versions: Version[];
  /** The version that serves. */
  deployed: string;
  schedules: object[];
  subdomain: { enabled: boolean; previews_enabled: boolean };
  settings: Record<string, unknown>;
}

/** What one Cloudflare account holds. The rows of its databases are in files of SQLite: see runtime.ts. */
export interface Account {
  id: string;
  name: string;
  /** The one token that the API accepts. */
  token: string;
  /** Of workers.dev; null until its owner has chosen one. */
  subdomain: string | null;
  databases: Map<string, Database>;
  buckets: Map<string, Bucket>;
  queues: Map<string, Queue>;
  scripts: Map<string, Script>;
  /** Uploaded files by their hash, and what was announced under the JWT of each upload session. */
  assets: { files: Map<string, Uint8Array>; sessions: Map<string, Manifest> };
}

/** An account in which nothing has been made yet. */
export const emptyAccount = (subdomain: string | null = "team"): Account => ({
  id: randomUUID().replaceAll("-", ""),
  name: "Team",
  token: `token-${randomUUID()}`,
  subdomain,
  databases: new Map(),
  buckets: new Map(),
  queues: new Map(),
  scripts: new Map(),
  assets: { files: new Map(), sessions: new Map() },
});

/** The version of a script that serves, if there is one. */
export const deployedVersion = (script: Script): Version | undefined =>
  script.versions.find(({ id }) => id === script.deployed);
