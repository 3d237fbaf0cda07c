import { deriveKey } from "../platform/own-key.ts";
import type { Config } from "./config.ts";

/** This module's own key for a purpose: see `deriveKey`. */
export const ownKey = ({ HUB_JWT_SECRET }: Config, purpose: string): Promise<string> =>
  deriveKey(HUB_JWT_SECRET ? [HUB_JWT_SECRET] : [], `hub ${purpose}`);
