import type * as z from "zod/mini";
import * as accounts from "../../src/ems/accounts/responses.ts";
import * as attachments from "../../src/ems/attachments/responses.ts";
import * as companies from "../../src/ems/companies/responses.ts";
import * as events from "../../src/ems/events/responses.ts";
import * as inbox from "../../src/ems/inbox/responses.ts";
import * as intake from "../../src/ems/intake/responses.ts";
import * as items from "../../src/ems/items/responses.ts";
import * as messages from "../../src/ems/messages/responses.ts";
import * as nylas from "../../src/ems/provider/nylas/responses.ts";
import * as drafts from "../../src/ems/sending/drafts/responses.ts";
import * as sending from "../../src/ems/sending/responses.ts";
import * as threads from "../../src/ems/threads/responses.ts";
import * as platform from "../../src/platform/responses.ts";

const FILES: Record<string, z.ZodMiniType>[] = [
  accounts,
  attachments,
  companies,
  events,
  inbox,
  intake,
  items,
  messages,
  nylas,
  drafts,
  sending,
  threads,
  platform,
];

const schemas = new Map<string, z.ZodMiniType>();
for (const [name, schema] of FILES.flatMap(Object.entries)) {
  if (schemas.has(name)) throw new Error(`Two responses are named ${name}`);
  schemas.set(name, schema);
}

/** The schema of a response, by the name that its routes declare. @throws Error for an unknown name */
export function schemaOf(name: string): z.ZodMiniType {
  const schema = schemas.get(name);
  if (!schema) throw new Error(`No responses.ts listed here has a schema named ${name}`);
  return schema;
}
