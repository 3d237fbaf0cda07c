import { Hono } from "hono";
import type { OpenEnv } from "../context.ts";

export const media = () => new Hono<OpenEnv>({ strict: false });
