import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import type { Account, Script, Version } from "../account.ts";
import { deployedVersion } from "../account.ts";
import { addVersion, migrate, readUpload, withSecrets } from "./uploads.ts";
import { type Api, Refusal, succeed } from "./wire.ts";

const absent = () => new Refusal(404, 10007, "This Worker does not exist on your account.");

function scriptOf({ scripts }: Account, name: string): Script {
  const found = scripts.get(name);
  if (!found) throw absent();
  return found;
}

const newScript = (name: string): Script => ({
  name,
  tag: randomUUID().replaceAll("-", ""),
  migrationTag: undefined,
  sqliteClasses: [],
  versions: [],
  deployed: "",
  schedules: [],
  subdomain: { enabled: false, previews_enabled: false },
  settings: {},
});

/** Bindings as Cloudflare shows them: never the text of a secret. */
const shown = ({ bindings }: Version) =>
  bindings.map(({ text, ...binding }) => (binding.type === "secret_text" ? binding : { ...binding, text }));

const uploaded = (script: Script, version: Version) => ({
  id: version.id,
  etag: version.id,
  deployment_id: version.id,
  startup_time_ms: 1,
  number: version.number,
  metadata: { created_on: version.created_on },
  resources: { script: { etag: version.id }, bindings: shown(version) },
  tag: script.tag,
});

/** Workers, under /workers. */
export const workers = new Hono<Api>()
  .get("/subdomain", (c) => {
    const { subdomain } = c.var.account;
    if (subdomain === null)
      throw new Refusal(404, 10007, "There is no workers.dev subdomain associated with this account.");
    return succeed(c, { subdomain });
  })
  .get("/services/:name", (c) => {
    const script = scriptOf(c.var.account, c.req.param("name"));
    const { name, tag, migrationTag: migration_tag, settings } = script;
    const described = { id: name, tag, migration_tag, last_deployed_from: "wrangler", tags: [], ...settings };
    return succeed(c, { id: name, default_environment: { environment: "production", script: described } });
  })
  .get("/workers/:name", (c) => {
    const { name, subdomain } = scriptOf(c.var.account, c.req.param("name"));
    return succeed(c, { id: name, name, subdomain });
  })
  .put("/scripts/:name", async (c) => {
    const { account } = c.var;
    const name = c.req.param("name");
    const script = account.scripts.get(name) ?? newScript(name);
    const upload = await readUpload(await c.req.formData());
    migrate(script, upload.metadata.migrations);
    const version = addVersion(account, script, upload);
    script.deployed = version.id;
    account.scripts.set(name, script);
    return succeed(c, uploaded(script, version));
  })
  .post("/scripts/:name/versions", async (c) => {
    const script = scriptOf(c.var.account, c.req.param("name"));
    const upload = await readUpload(await c.req.formData());
    return succeed(c, uploaded(script, addVersion(c.var.account, script, upload)));
  })
  .get("/scripts/:name/deployments", (c) => {
    const { deployed, versions } = scriptOf(c.var.account, c.req.param("name"));
    const created_on = versions.find(({ id }) => id === deployed)?.created_on;
    const deployment = { id: deployed, created_on, versions: [{ version_id: deployed, percentage: 100 }] };
    return succeed(c, { deployments: [deployment] });
  })
  .post("/scripts/:name/deployments", async (c) => {
    const script = scriptOf(c.var.account, c.req.param("name"));
    const { versions } = await c.req.json<{ versions: { version_id: string }[] }>();
    script.deployed = versions[0]?.version_id ?? script.deployed;
    return succeed(c, { id: randomUUID() });
  })
  .get("/scripts/:name/settings", (c) => {
    const version = deployedVersion(scriptOf(c.var.account, c.req.param("name")));
    if (!version) throw absent();
    return succeed(c, { bindings: shown(version), ...version.metadata });
  })
  .patch("/scripts/:name/script-settings", async (c) => {
    const script = scriptOf(c.var.account, c.req.param("name"));
    Object.assign(script.settings, await c.req.json());
    return succeed(c, script.settings);
  })
  .get("/scripts/:name/subdomain", (c) => succeed(c, scriptOf(c.var.account, c.req.param("name")).subdomain))
  .post("/scripts/:name/subdomain", async (c) => {
    const script = scriptOf(c.var.account, c.req.param("name"));
    Object.assign(script.subdomain, await c.req.json());
    return succeed(c, script.subdomain);
  })
  .put("/scripts/:name/schedules", async (c) => {
    const script = scriptOf(c.var.account, c.req.param("name"));
    script.schedules = await c.req.json<object[]>();
    return succeed(c, { schedules: script.schedules });
  })
  .get("/scripts/:name/secrets", (c) => {
    const version = deployedVersion(scriptOf(c.var.account, c.req.param("name")));
    const secrets = version?.bindings.filter(({ type }) => type === "secret_text") ?? [];
    return succeed(
      c,
      secrets.map(({ name, type }) => ({ name, type })),
    );
  })
  .put("/scripts/:name/secrets", async (c) => {
    const script = scriptOf(c.var.account, c.req.param("name"));
    const { name, text } = await c.req.json<{ name: string; text: string }>();
    withSecrets(c.var.account, script, [{ name, type: "secret_text", text }]);
    return succeed(c, { name, type: "secret_text" });
  });
