import { env } from "cloudflare:workers";
import { createContext, type UserCtx } from "../../src/hub/context.ts";
import type { Person } from "./hub-client.ts";

/** A context of verbs for a person. Without other bindings or vars there is no geocoder. */
export const contextOf = (person: Pick<Person, "id">, changes: object = {}): UserCtx => ({
  ...createContext({ ...env, HUB_GEOCODER_URL: "", ...changes } as Env, { waitUntil: () => {} }),
  ...{ origin: "https://xabar.test", address: "local", language: "uz" },
  user: { id: person.id, isStaff: false, sessionId: "" },
});
