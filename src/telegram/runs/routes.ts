import { Hono } from "hono";
import type { UserEnv } from "../context.ts";

export const runs = () => new Hono<UserEnv>({ strict: false });
