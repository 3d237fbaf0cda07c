import { Hono } from "hono";

// What start-up is measured beside: the framework with one route.

export default new Hono().get("/", (c) => c.json({ status: "ok" }));

/** wrangler.toml names it. */
export class CompanyHub {}
