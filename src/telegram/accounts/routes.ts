import { Hono } from "hono";
import type { UserEnv } from "../context.ts";

export const accounts = () => new Hono<UserEnv>({ strict: false });
