import { Hono } from "hono";
import type { Account, Bucket } from "../account.ts";
import { type Api, envelope, Refusal, succeed } from "./wire.ts";

function bucketOf({ buckets }: Account, name: string): Bucket {
  const found = buckets.get(name);
  if (!found) throw new Refusal(404, 10006, "The specified bucket does not exist.");
  return found;
}

const shown = ({ rules: _, ...bucket }: Bucket) => ({
  ...bucket,
  location: "EEUR",
  storage_class: "Standard",
});

/** Every new bucket has it. */
const DEFAULT_RULE = {
  id: "Default Multipart Abort Rule",
  enabled: true,
  conditions: { prefix: "" },
  abortMultipartUploadsTransition: { condition: { type: "Age", maxAge: 604_800 } },
};

/** R2, under /r2/buckets. */
export const r2 = new Hono<Api>()
  .get("/", (c) => succeed(c, { buckets: [...c.var.account.buckets.values()].map(shown) }))
  .post("/", async (c) => {
    const { name } = await c.req.json<{ name: string }>();
    const { buckets } = c.var.account;
    if (buckets.has(name))
      throw new Refusal(409, 10004, "The bucket you tried to create already exists, and you own it.");
    const bucket = { name, creation_date: new Date().toISOString(), rules: [DEFAULT_RULE] };
    buckets.set(name, bucket);
    return succeed(c, shown(bucket));
  })
  .get("/:bucket", (c) => succeed(c, shown(bucketOf(c.var.account, c.req.param("bucket")))))
  .get("/:bucket/lifecycle", (c) => {
    const { rules } = bucketOf(c.var.account, c.req.param("bucket"));
    return succeed(c, { rules });
  })
  .put("/:bucket/lifecycle", async (c) => {
    const bucket = bucketOf(c.var.account, c.req.param("bucket"));
    const { rules } = await c.req.json<{ rules: Bucket["rules"] }>();
    if (new Set(rules.map(({ id }) => id)).size !== rules.length)
      throw new Refusal(400, 10064, "The lifecycle rules must have unique ids.");
    bucket.rules = rules;
    return c.json(envelope({}));
  });
