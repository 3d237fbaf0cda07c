import { randomUUID } from "node:crypto";
import type { Account, Binding, Script, Version } from "../account.ts";
import { deployedVersion } from "../account.ts";
import { manifestOf } from "./assets.ts";
import { Refusal } from "./wire.ts";

/** The part `metadata` of an upload, as far as it is understood here. */
interface Metadata {
  main_module: string;
  compatibility_date: string;
  compatibility_flags?: string[];
  bindings: Binding[];
  /** Types of bindings that stay as they are in the version before. */
  keep_bindings?: string[];
  migrations?: { old_tag?: string; new_tag: string; steps: { new_sqlite_classes?: string[] }[] };
  tags?: string[];
  assets?: { jwt: string; config?: object };
}

/** What an upload brings beside its modules. */
export interface Upload {
  metadata: Metadata;
  modules: Version["modules"];
}

/** Reads the form of `PUT /scripts/{name}` and of `POST /scripts/{name}/versions`. */
export async function readUpload(form: FormData): Promise<Upload> {
  const metadata = JSON.parse(String(form.get("metadata"))) as Metadata;
  const modules: Version["modules"] = new Map();
  for (const [name, part] of form) {
    if (typeof part === "string") continue;
    modules.set(name, { content: new Uint8Array(await part.arrayBuffer()), type: part.type });
  }
  if (!modules.has(metadata.main_module))
    throw new Refusal(400, 10021, `No such module: ${metadata.main_module}`);
  return { metadata, modules };
}

/** Adds a version to a script. It does not serve yet. */
export function addVersion(account: Account, script: Script, { metadata, modules }: Upload): Version {
  const before = deployedVersion(script)?.bindings ?? [];
  const given = metadata.bindings.map((binding) => resolve(binding, before));
  const kept = before.filter(
    ({ name, type }) => metadata.keep_bindings?.includes(type) && !given.some((each) => each.name === name),
  );
  const bindings = [...given, ...kept];
  for (const binding of bindings) requireResource(account, script, binding);
  const { main_module, compatibility_date, compatibility_flags = [] } = metadata;
  const version: Version = {
    id: randomUUID(),
    number: script.versions.length + 1,
    created_on: new Date().toISOString(),
    metadata: { main_module, compatibility_date, compatibility_flags },
    bindings,
    modules,
    ...(metadata.assets
      ? {
          assets: {
            manifest: manifestOf(account, metadata.assets.jwt),
            config: metadata.assets.config ?? {},
          },
        }
      : {}),
  };
  script.versions.push(version);
  return version;
}

/** Takes the migrations of Durable Object classes. */
export function migrate(script: Script, migrations: Metadata["migrations"]): void {
  if (!migrations) return;
  if (migrations.old_tag !== script.migrationTag)
    throw new Refusal(
      400,
      10079,
      `The old tag is ${migrations.old_tag}, but the script has ${script.migrationTag}`,
    );
  script.sqliteClasses.push(...migrations.steps.flatMap(({ new_sqlite_classes = [] }) => new_sqlite_classes));
  script.migrationTag = migrations.new_tag;
}

/** The version that follows when secrets change: the same code with other bindings. */
export function withSecrets(account: Account, script: Script, secrets: Binding[]): void {
  const before = deployedVersion(script);
  if (!before) throw new Refusal(404, 10007, "This Worker does not exist on your account.");
  const names = secrets.map(({ name }) => name);
  const { main_module, compatibility_date, compatibility_flags } = before.metadata;
  const bindings = [...before.bindings.filter(({ name }) => !names.includes(name)), ...secrets];
  const metadata = { main_module, compatibility_date, compatibility_flags, bindings };
  const version = addVersion(account, script, { metadata, modules: before.modules });
  if (before.assets) version.assets = before.assets;
  script.deployed = version.id;
}

function resolve(binding: Binding, before: Binding[]): Binding {
  if (binding.type !== "inherit") return binding;
  const found = before.find(({ name }) => name === (binding.old_name ?? binding.name));
  if (!found) throw new Refusal(400, 10057, `There is no binding ${binding.name} to inherit`);
  return { ...found, name: binding.name };
}

/** Cloudflare refuses a binding of something that does not exist. */
function requireResource(account: Account, script: Script, binding: Binding): void {
  const { name, type, script_name: home = script.name } = binding;
  const classes = (home === script.name ? script : account.scripts.get(String(home)))?.sqliteClasses ?? [];
  if (
    type === "durable_object_namespace" &&
    home !== script.name &&
    !classes.includes(String(binding.class_name))
  )
    throw new Refusal(
      400,
      10061,
      `Cannot create binding for class in script ${home} because it does not exist.`,
    );
  const isThere: Record<string, () => boolean> = {
    d1: () => account.databases.has(String(binding.id ?? binding.database_id)),
    r2_bucket: () => account.buckets.has(String(binding.bucket_name)),
    queue: () => [...account.queues.values()].some(({ queue_name }) => queue_name === binding.queue_name),
    durable_object_namespace: () => classes.includes(String(binding.class_name)),
  };
  if (isThere[type]?.() === false)
    throw new Refusal(400, 10021, `binding ${name} of type ${type} refers to what does not exist`);
}
