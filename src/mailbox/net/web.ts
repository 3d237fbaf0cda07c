import { withDeadline } from "../../lib/deadline.ts";
import { readCapped } from "../../lib/read-capped.ts";
import type { MailboxEnv } from "../env.ts";
import { isPublicHost } from "./hosts.ts";

/** In milliseconds, for all redirects together. */
const PATIENCE = 5000;

const MAX_REDIRECTS = 3;

/**
 * Reads a page of the public internet, by HTTPS alone. Security: each redirect passes the same guard.
 * @param limit in bytes
 * @returns undefined if there is none, for whatever reason
 */
export async function readPage(env: MailboxEnv, address: string, limit: number): Promise<string | undefined> {
  try {
    return await withDeadline(PATIENCE, async (signal) => {
      let url = new URL(address);
      for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
        if (url.protocol !== "https:" || url.port !== "" || url.username !== "") return undefined;
        if (!(await isPublicHost(env, url.hostname))) return undefined;
        const page = await fetch(url, { redirect: "manual", signal });
        const location = page.headers.get("location");
        if (page.ok) return new TextDecoder().decode(await readCapped(page.body, limit));
        await page.body?.cancel();
        if (location === null) return undefined;
        url = new URL(location, url);
      }
      return undefined;
    });
  } catch {
    return undefined;
  }
}
