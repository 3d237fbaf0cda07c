import { saveEml } from "../eml.ts";
import { createGeocoder } from "../geocoder.ts";
import { CLIENT_ID, localGoogle } from "../google.ts";
import { serve } from "../nylas/server.ts";
import { chatPage } from "./chat/page.ts";

export interface HubStandIns {
  /** What the Worker needs, in order to reach them. */
  vars: Record<string, string>;
  /** The base URL of the page where two people chat. */
  page: string;
  close(): Promise<void>;
}

/**
 * Serves what UzbekHub talks to, on one port: a place that keeps its mails as .eml, the keys of Google, and a geocoder; also
 * the page of its chat.
 * @param onSent is told where a mail was kept
 */
export async function startHubStandIns(
  sentFolder: string,
  onSent: (to: string[], path: string) => void,
): Promise<HubStandIns> {
  const [geocoder, google] = [createGeocoder(), await localGoogle()];
  const keep = async (request: Request): Promise<Response> => {
    const raw = Buffer.from(await request.arrayBuffer());
    const [, to = ""] = /^To:.*?([^\s<>]+@[^\s<>]+)/im.exec(raw.toString("latin1")) ?? [];
    onSent([to], await saveEml(sentFolder, raw, to));
    return new Response();
  };
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === "/mails" && request.method === "POST") return keep(request);
    if (pathname === "/google/certs") return Response.json(google.jwks);
    return chatPage(pathname) ?? geocoder.fetch(request);
  };
  const served = await serve({ fetch, tick: async () => {} }, { port: 0 });
  const base = `http://127.0.0.1:${served.port}`;
  return {
    vars: {
      HUB_MAIL_URL: `${base}/mails`,
      HUB_GOOGLE_CLIENT_IDS: CLIENT_ID,
      HUB_GOOGLE_JWKS_URL: `${base}/google/certs`,
      HUB_GEOCODER_URL: base,
    },
    page: `http://localhost:${served.port}`,
    close: () => served.close(),
  };
}
