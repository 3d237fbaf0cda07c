import { Hono } from "hono";

/**
 * What every ratio is to: the least that a Hono route can do, one that only answers and one that reads its body
 * first.
 */
const bare = new Hono();
bare.get("/", (c) => c.json({ status: "ok" }));
bare.post("/", async (c) => {
  await c.req.arrayBuffer();
  return c.json({ status: "ok" });
});

export default bare;
