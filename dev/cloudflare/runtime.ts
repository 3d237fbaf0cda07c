import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { databaseFile } from "../local-database.ts";
import { type Account, type Binding, deployedVersion, type Script, type Version } from "./account.ts";

type Options = Parameters<typeof convertV4MiniflareOptions>[0];

/** Runs deployed Workers in workerd, with the account's databases. */
export interface Runtime {
  /** Answers a request to `https://{script}.{subdomain}.workers.dev`. 404 for a Worker that is not there. */
  fetch(request: Request): Promise<Response>;
  /** Runs queries on a database. A running Worker is stopped first, and starts again when it is asked. */
  withDatabase<Result>(uuid: string, run: (sqlite: DatabaseSync) => Result): Promise<Result>;
  /** Keeps a copy of a database under a name. */
  keepDatabase(uuid: string, name: string): Promise<void>;
  /** Puts that copy in the place of the database. */
  restoreDatabase(uuid: string, name: string): Promise<void>;
  stop(): Promise<void>;
}

/** @param folder for the databases, buckets and objects */
export function createRuntime(account: Account, folder: string): Runtime {
  let running: { miniflare: Miniflare; versions: string } | undefined;
  const databases = join(folder, "d1", "miniflare-D1DatabaseObject");
  mkdirSync(databases, { recursive: true });

  async function stop(): Promise<void> {
    const stopping = running?.miniflare;
    running = undefined;
    await stopping?.dispose();
  }

  /** Starts a Worker, with the other scripts of the account beside it: it may call them. */
  async function start(script: Script): Promise<Miniflare> {
    const scripts = [script, ...[...account.scripts.values()].filter((other) => other !== script)];
    const versions = scripts.map(({ deployed }) => deployed).join(" ");
    if (running?.versions === versions) return running.miniflare;
    await stop();
    const workers = scripts.flatMap((each) => {
      const version = deployedVersion(each);
      if (!version) return [];
      const assets = assetOptions(account, version, join(folder, "assets", version.id));
      return { ...workerOptions(account, each, version), ...assets };
    });
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        workers,
        cf: false,
        telemetry: { enabled: false },
        log: new Log(LogLevel.NONE),
        resourcePersistencePath: folder,
      } as Options),
    );
    running = { miniflare, versions };
    await miniflare.ready;
    return miniflare;
  }

  const fileOf = (uuid: string) => databaseFile(join(folder, "d1"), uuid);
  const copyOf = (uuid: string, name: string) => join(folder, `${uuid}-${name}.copy`);

  return {
    stop,
    async keepDatabase(uuid, name) {
      await stop();
      const sqlite = new DatabaseSync(fileOf(uuid));
      sqlite.prepare("VACUUM INTO ?").run(copyOf(uuid, name));
      sqlite.close();
    },
    async restoreDatabase(uuid, name) {
      await stop();
      for (const end of ["", "-wal", "-shm"]) rmSync(fileOf(uuid) + end, { force: true });
      copyFileSync(copyOf(uuid, name), fileOf(uuid));
    },
    async fetch(request) {
      const [name = "", subdomain] = new URL(request.url).hostname.split(".");
      const script = account.scripts.get(name);
      if (!script || !deployedVersion(script) || subdomain !== account.subdomain || !script.subdomain.enabled)
        return new Response("There is nothing here yet", { status: 404 });
      const miniflare = await start(script);
      const { method, headers } = request;
      const body = method === "GET" ? {} : { body: Buffer.from(await request.arrayBuffer()) };
      const answer = await miniflare.dispatchFetch(request.url, { method, headers: [...headers], ...body });
      return new Response(await answer.arrayBuffer(), {
        status: answer.status,
        headers: [...answer.headers] as [string, string][],
      });
    },
    async withDatabase(uuid, run) {
      await stop();
      const sqlite = new DatabaseSync(fileOf(uuid));
      try {
        return run(sqlite);
      } finally {
        sqlite.close();
      }
    },
  };
}

/** Writes the static files of a version. */
function assetOptions({ assets }: Account, { assets: own, bindings }: Version, directory: string): object {
  if (!own) return {};
  for (const [path, { hash }] of Object.entries(own.manifest)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), assets.files.get(hash) ?? "");
  }
  const binding = bindings.find(({ type }) => type === "assets")?.name;
  const routerConfig = { has_user_worker: true };
  return {
    assets: {
      directory,
      routerConfig,
      assetConfig: own.config,
      ...own.config,
      ...(binding ? { binding } : {}),
    },
  };
}

function workerOptions(account: Account, script: Script, version: Version): object {
  const { main_module, compatibility_date, compatibility_flags } = version.metadata;
  const modules = [...version.modules]
    .sort(([a], [b]) => Number(b === main_module) - Number(a === main_module))
    .flatMap(([name, { content, type }]): object[] => {
      if (type === "application/source-map") return [];
      if (type === "application/wasm") return [{ type: "CompiledWasm", path: `/${name}`, contents: content }];
      const kind = type.startsWith("text/plain") ? "Text" : "ESModule";
      return [{ type: kind, path: `/${name}`, contents: new TextDecoder().decode(content) }];
    });
  const of = (type: string) => version.bindings.filter((binding) => binding.type === type);
  const named = (type: string, value: (binding: Binding) => unknown) =>
    Object.fromEntries(of(type).map((binding) => [binding.name, value(binding)]));
  return {
    name: script.name,
    modules,
    modulesRoot: "/",
    compatibilityDate: compatibility_date,
    compatibilityFlags: compatibility_flags,
    bindings: { ...named("plain_text", ({ text }) => text), ...named("secret_text", ({ text }) => text) },
    d1Databases: named("d1", ({ id, database_id }) => id ?? database_id),
    r2Buckets: named("r2_bucket", ({ bucket_name }) => bucket_name),
    queueProducers: named("queue", ({ queue_name }) => queue_name),
    queueConsumers: [...account.queues.values()]
      .filter(({ consumers }) => consumers.some((each) => each.script === script.name))
      .map(({ queue_name }) => queue_name),
    durableObjects: named("durable_object_namespace", ({ class_name, script_name }) => {
      const home = account.scripts.get(String(script_name ?? script.name)) ?? script;
      const isHere = home.name === script.name;
      const useSQLite = home.sqliteClasses.includes(String(class_name));
      return { className: class_name, useSQLite, ...(isHere ? {} : { scriptName: home.name }) };
    }),
    ratelimits: named("ratelimit", ({ namespace_id, simple }) => ({ namespace_id, simple })),
  };
}
