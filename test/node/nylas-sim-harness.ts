import { gunzipSync } from "node:zlib";
import type { InboundMail, NylasSim, SimOptions } from "../../dev/nylas/sim.ts";
import { createNylasSim } from "../../dev/nylas/sim.ts";

export const API_KEY = "api-key";
export const CONTROL_TOKEN = "control-token";
export const HOOK = "https://app.example/webhooks/nylas";
export const HOOK_SECRET = "hook-secret";

/** The owner of the grant of `startWithGrant`, and an outsider. */
export const TEAM = { email: "team@app.example" };
export const AZIZA = { email: "aziza@elsewhere.example", name: "Aziza" };

/** A delivered notification: the signed bytes, and the JSON in them. */
export interface Delivered {
  url: string;
  signature: string | null;
  encoding: string | null;
  bytes: Uint8Array;
  // biome-ignore lint/suspicious/noExplicitAny: the shape under test
  json: any;
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the shape under test
  body: any;
}

export interface Harness {
  sim: NylasSim;
  delivered: Delivered[];
  /** Sets the response of the endpoint. Default: 200. */
  endpoint(answer: (request: Request) => Response | Promise<Response>): void;
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  advance(seconds: number): Promise<void>;
}

/** A stand-in with one webhook. Its clock only moves by `advance`. */
export function startSim(options: Partial<SimOptions> = {}): Harness {
  const delivered: Delivered[] = [];
  let answer: (request: Request) => Response | Promise<Response> = () => new Response();
  const sim = createNylasSim({
    apiKey: API_KEY,
    controlToken: CONTROL_TOKEN,
    seed: 7,
    sentAsUpdated: 0,
    now: () => Date.UTC(2026, 2, 1),
    webhooks: [{ url: HOOK, secret: HOOK_SECRET }],
    deliver: async (request) => {
      if (request.method === "POST") delivered.push(await readDelivery(request.clone()));
      return answer(request);
    },
    ...options,
  });

  async function call(token: string, method: string, path: string, body?: unknown, headers = {}) {
    const init: RequestInit = { method, headers: { authorization: `Bearer ${token}`, ...headers } };
    if (body instanceof FormData) init.body = body;
    else if (body !== undefined) init.body = JSON.stringify(body);
    const response = await sim.fetch(new Request(`https://api.us.nylas.com${path}`, init));
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  const control: Harness["control"] = (method, path, body) =>
    call(CONTROL_TOKEN, method, `/__sim${path}`, body);
  return {
    sim,
    delivered,
    endpoint: (next) => {
      answer = next;
    },
    api: (method, path, body, headers) => call(API_KEY, method, path, body, headers),
    control,
    advance: async (seconds) => {
      await control("POST", "/advance", { seconds });
    },
  };
}

/** A stand-in with one grant, and helpers for its mailbox. */
export function startWithGrant({ provider = "google", ...options }: GrantOptions = {}) {
  const harness = startSim(options);
  const grant = harness.sim.addGrant({ email: TEAM.email, name: "Team", provider });
  const path = `/v3/grants/${grant.id}/messages`;
  return {
    ...harness,
    grant,
    path,
    receive: (subject: string, more: Partial<InboundMail> = {}) =>
      harness.sim.inbound({ from: AZIZA, to: [TEAM], subject, html: `<p>${subject}</p>`, ...more })[0]!,
    subjects: async (query = ""): Promise<string[]> => {
      const { body } = await harness.api("GET", `${path}${query}`);
      return body.data.map((message: { subject: string }) => message.subject);
    },
    send: (body: unknown, key?: string) =>
      harness.api("POST", `${path}/send`, body, key === undefined ? {} : { "idempotency-key": key }),
    fault: (kind: string) => harness.control("POST", "/fault", { route: "POST /messages/send", kind }),
    sentCount: async (): Promise<number> => (await harness.api("GET", `${path}?in=SENT`)).body.data.length,
  };
}

type GrantOptions = Partial<SimOptions> & { provider?: "google" | "microsoft" | "imap" };

/** The body of a multipart send: the message as JSON, or a text as it is, and files. */
export function multipart(message?: unknown, files: Record<string, File> = {}): FormData {
  const form = new FormData();
  if (typeof message === "string") form.set("message", message);
  else if (message !== undefined) form.set("message", JSON.stringify(message));
  for (const [name, file] of Object.entries(files)) form.set(name, file);
  return form;
}

async function readDelivery(request: Request): Promise<Delivered> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  const encoding = request.headers.get("content-encoding");
  const text = encoding === "gzip" ? gunzipSync(bytes) : bytes;
  return {
    url: request.url,
    signature: request.headers.get("x-nylas-signature"),
    encoding,
    bytes,
    json: JSON.parse(new TextDecoder().decode(text)),
  };
}
