import { Hono } from "hono";
import type { Account, Manifest } from "../account.ts";
import { type Api, Refusal, succeed } from "./wire.ts";

/** An upload names its session by a JWT, which wrangler also reads. This one is not signed. */
function jwtOf(session: string): string {
  const [header, payload] = [{ alg: "none" }, { session }].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  return `${header}.${payload}.unsigned`;
}

/**
 * The files of an upload session.
 * @throws Refusal if there is none, or if a file has not been uploaded
 */
export function manifestOf({ assets }: Account, jwt: string): Manifest {
  const manifest = assets.sessions.get(jwt);
  if (!manifest) throw new Refusal(400, 10027, "The assets JWT is not valid");
  const missing = Object.entries(manifest).find(([, { hash }]) => !assets.files.has(hash));
  if (missing) throw new Refusal(400, 10028, `${missing[0]} has not been uploaded`);
  return manifest;
}

/** Static files: the session of a script, under /workers/scripts/:name. */
export const assetSessions = new Hono<Api>().post("/:name/assets-upload-session", async (c) => {
  const { files, sessions } = c.var.account.assets;
  const { manifest } = await c.req.json<{ manifest: Manifest }>();
  const jwt = jwtOf(String(sessions.size));
  sessions.set(jwt, manifest);
  const missing = Object.values(manifest).flatMap(({ hash }) => (files.has(hash) ? [] : hash));
  return succeed(c, { jwt, buckets: missing.length === 0 ? [] : [[...new Set(missing)]] });
});

/** The upload of the files that are not there yet, under /workers/assets. Its token is the session's JWT. */
export const assetFiles = new Hono<Api>().post("/upload", async (c) => {
  const { files } = c.var.account.assets;
  for (const [hash, file] of await c.req.formData()) {
    const base64 = typeof file === "string" ? file : await file.text();
    files.set(hash, new Uint8Array(Buffer.from(base64, "base64")));
  }
  return succeed(c, { jwt: c.req.header("authorization")?.slice("Bearer ".length) });
});
