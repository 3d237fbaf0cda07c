import * as z from "zod/mini";
import { withDeadline } from "../../lib/deadline.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { readCapped } from "../../lib/read-capped.ts";

const WAIT_MS = 2000;
const MAX_BYTES = 64 * 1024;
const MAX_NAME = 100;
const USER_AGENT = "Xabar-UzbekHub/1.0";

/** What a position is called. Null is what nobody knows. */
export interface Address {
  country: string | null;
  city: string | null;
  county: string | null;
  neighbourhood: string | null;
}

/** A name as others gave it: one line, not too long. Anything else is null. */
const name = lazy(() =>
  z.optional(
    z.pipe(
      z.unknown(),
      z.transform((value) => (typeof value === "string" ? cut(value) || null : null)),
    ),
  ),
);

const cut = (value: string): string =>
  value
    .slice(0, 10 * MAX_NAME)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Z}]+/gu, " ")
    .trim()
    .slice(0, MAX_NAME)
    // The cut may have halved a character of two units.
    .replace(/[\ud800-\udbff]$/, "")
    .trim();

/** An answer in the shape of Nominatim. Without `address` it knows nothing of the position: in the sea, say. */
const Answer = lazy(() =>
  z.object({
    address: z.optional(
      z.object({
        country: name(),
        city: name(),
        town: name(),
        village: name(),
        county: name(),
        neighbourhood: name(),
      }),
    ),
  }),
);

/**
 * Asks a service in the shape of Nominatim what a position is called.
 * @param base its URL, with what each request needs, such as a key
 * @param position rounded: the service does not learn it more exactly
 * @throws Error if it does not answer within 2 s, or with something else
 */
export async function askGeocoder(base: string, position: { lat: string; long: string }): Promise<Address> {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/reverse`;
  url.searchParams.set("format", "jsonv2");
  url.searchParams.set("lat", position.lat);
  url.searchParams.set("lon", position.long);
  const text = await withDeadline(WAIT_MS, async (signal) => {
    const headers = { "user-agent": USER_AGENT, accept: "application/json", "accept-language": "en" };
    const answer = await fetch(url, { headers, signal });
    const bytes = answer.ok ? await readCapped(answer.body, MAX_BYTES) : null;
    if (!bytes) {
      await answer.body?.cancel();
      throw new Error(`The geocoder answers ${answer.status}`);
    }
    return new TextDecoder().decode(bytes);
  });
  const { address } = parse(text);
  return {
    country: address?.country ?? null,
    city: address?.city ?? address?.town ?? address?.village ?? null,
    county: address?.county ?? null,
    neighbourhood: address?.neighbourhood ?? null,
  };
}

function parse(text: string): Infer<typeof Answer> {
  try {
    const { data } = Answer().safeParse(JSON.parse(text));
    if (data) return data;
  } catch {
    // Its message would quote the answer in the log.
  }
  throw new Error("The geocoder answers in another shape than Nominatim's");
}
