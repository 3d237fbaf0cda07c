import { deriveKey } from "../platform/own-key.ts";
import { type Config, signingSecrets } from "./config.ts";

/** This module's own key for a purpose: see `deriveKey`. */
export const ownKey = (config: Config, purpose: string): Promise<string> =>
  deriveKey(signingSecrets(config), `email-service ${purpose}`);
