import { env, exports } from "cloudflare:workers";
import { waitFor } from "./wait.ts";

/** The control API's response for a stored message. */
export interface SimMessage {
  id: string;
  grant_id: string;
  thread_id: string;
  headers: { name: string; value: string }[];
}

export interface InboundMail {
  from: { email: string; name?: string };
  to: { email: string; name?: string }[];
  cc?: { email: string; name?: string }[];
  subject: string;
  html?: string;
  text?: string;
  date?: number;
  replyTo?: { email: string; name?: string }[];
  inReplyTo?: string;
  references?: string[];
  attachments?: { filename: string; contentType: string; content: string; contentId?: string }[];
  silent?: boolean;
}

/** Calls the control API of a stand-in. */
export async function control(
  method: string,
  path: string,
  body?: unknown,
  origin = "https://nylas.test",
): Promise<unknown> {
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${env.TEST_CONTROL_TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Creates a mailbox at the stand-in. @returns its grant */
export const createGrant = (email: string, provider = "google"): Promise<{ id: string }> =>
  control("POST", "/__sim/grants", { email, provider }) as Promise<{ id: string }>;

/** Creates a folder with a provider's own id. */
export const createFolder = (grantId: string, folder: { id: string; name: string; attributes?: string[] }) =>
  control("POST", `/__sim/grants/${grantId}/folders`, folder);

export const expireGrant = (id: string) => control("POST", `/__sim/grants/${id}/expire`);

/** Sends any notification as Nylas would. */
export const notify = (type: string, object: object) => control("POST", "/__sim/emit", { type, object });

/** Receives a mail from outside. Unless silent, its notification then waits for delivery. */
export const receiveMail = async (mail: InboundMail): Promise<SimMessage[]> =>
  ((await control("POST", "/__sim/inbound", mail)) as { data: SimMessage[] }).data;

/** Makes the next calls of a route fail. */
export const breakRoute = (route: string, kind: string, times = 1) =>
  control("POST", "/__sim/fault", { route, kind, times });

export const mendRoutes = () => control("DELETE", "/__sim/fault");

export const storedMail = async (grantId: string): Promise<Record<string, unknown>[]> =>
  ((await control("GET", `/__sim/messages/${grantId}`)) as { data: Record<string, unknown>[] }).data;

/** Reads a header of a stored mail. */
export function headerOf(message: Record<string, unknown> | undefined, name: string): string | undefined {
  const headers = (message?.headers ?? []) as { name: string; value: string }[];
  return headers.find((each) => each.name === name)?.value;
}

export interface PulledRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** Delivers the stand-in's notifications to the webhook route. @returns the number of requests */
export async function deliverNotifications(): Promise<number> {
  const requests = (await control("GET", "/__pull")) as PulledRequest[];
  for (const { id, method, url, headers, body } of requests) {
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    const init = { method, headers, ...(bytes.length ? { body: bytes } : {}) };
    const response = await exports.default.fetch(new Request(url, init));
    const answer = { status: response.status, body: await response.text() };
    await control("POST", `/__pull/${id}`, answer);
  }
  return requests.length;
}

/** Delivers notifications until a condition holds, while notifications and jobs run in the background. */
export const eventually = <T>(check: () => Promise<T>): Promise<T> =>
  waitFor(async () => {
    await deliverNotifications();
    return check();
  });
