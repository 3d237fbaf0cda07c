import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import openapi from "../fixtures/nylas-openapi-mail.json" with { type: "json" };
import type { Answer, Harness } from "./nylas-sim-harness.ts";
import { HOOK, startSim } from "./nylas-sim-harness.ts";

/**
 * Validates every response of every route against the OpenAPI document of Nylas, with these exceptions:
 * - `data: {type: object}` of responses with a cursor contradicts the `data: []` of every list, so it is removed;
 * - `format` is ignored;
 * - a status that the document lacks for a route is checked against the general error schema.
 */
// biome-ignore lint/suspicious/noExplicitAny: a JSON document
const document: any = structuredClone(openapi);
delete document.components.schemas.common_response_with_cursor.properties.data;

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema({ $id: "nylas", components: document.components });

const validators = new Map<string, ValidateFunction>();

/** Compiles each schema once, since that dominates the time of this test. */
function validatorOf(schema: object): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/', '"nylas#/');
  const known = validators.get(text) ?? ajv.compile(JSON.parse(text));
  validators.set(text, known);
  return known;
}

function schemaFor(operation: string, status: number): object {
  const [method = "", path = ""] = operation.split(" ");
  let response = document.paths[path][method.toLowerCase()].responses[status];
  if (response?.$ref) response = document.components.responses[response.$ref.split("/").at(-1)];
  return response?.content["application/json"].schema ?? document.components.schemas["400"];
}

function expectConformance(operation: string, { status, headers, body }: Answer): void {
  const validate = validatorOf(schemaFor(operation, status));
  expect(validate(body) ? [] : validate.errors).toEqual([]);
  expect(body.request_id).toBe(headers.get("x-request-id"));
  expect(headers.get("x-fastly-id")).toBeTruthy();
  expect(headers.get("content-type")).toBe("application/json");
  if (status >= 400) expect(body.error).toMatchObject({ type: /./, message: /./ });
}

function expectKnownFields(schema: string, object: Record<string, unknown>): void {
  const known = Object.keys(document.components.schemas[schema].properties);
  expect(Object.keys(object).filter((field) => !known.includes(field))).toEqual([]);
}

interface Prepared extends Harness {
  grant: string;
  message: string;
  attachment: string;
  webhook: string;
}

async function prepared(): Promise<Prepared> {
  const harness = startSim({ webhooks: [{ url: HOOK, secret: "s", triggers: ["message.created"] }] });
  harness.endpoint((request) => new Response(new URL(request.url).searchParams.get("challenge")));
  const grant = harness.sim.addGrant({ email: "team@app.example", name: "Team", provider: "microsoft" });
  const [message] = harness.sim.inbound({
    from: { email: "aziza@elsewhere.example" },
    to: [{ email: "team@app.example", name: "Team" }],
    cc: [{ email: "cc@elsewhere.example" }],
    replyTo: [{ email: "reply@elsewhere.example" }],
    subject: "Salom",
    html: "<p>Salom</p>",
    inReplyTo: "<before@elsewhere.example>",
    attachments: [
      { filename: "a.txt", contentType: "text/plain", content: new Uint8Array(4), contentId: "a" },
    ],
  });
  const { data } = (await harness.api("GET", "/v3/webhooks")).body;
  return {
    ...harness,
    grant: `/v3/grants/${grant.id}`,
    message: encodeURIComponent(message!.id),
    attachment: encodeURIComponent(message!.attachments[0]!.id),
    webhook: data[0].id,
  };
}

type Call = (sim: Prepared) => Promise<Answer>;

const mail = { to: [{ email: "x@elsewhere.example" }], subject: "Salom", body: "<p>Salom</p>" };
const hook = { trigger_types: ["grant.created"], webhook_url: "https://other.example/hook" };

const OF_GRANT = "/v3/grants/{grant_id}";
const SEND = `POST ${OF_GRANT}/messages/send`;
const MESSAGE = `${OF_GRANT}/messages/{message_id}`;
const DOWNLOAD = `GET ${OF_GRANT}/attachments/{attachment_id}/download`;

const answers: [operation: string, status: number, call: Call][] = [
  ["GET /v3/grants/{grantId}", 404, ({ api }) => api("GET", "/v3/grants/nobody")],
  ["GET /v3/grants/{grantId}", 200, ({ api, grant }) => api("GET", grant)],
  ["DELETE /v3/grants/{grantId}", 404, ({ api }) => api("DELETE", "/v3/grants/nobody")],
  ["DELETE /v3/grants/{grantId}", 200, ({ api, grant }) => api("DELETE", grant)],

  [`GET ${OF_GRANT}/messages`, 400, ({ api, grant }) => api("GET", `${grant}/messages?limit=201`)],
  [`GET ${OF_GRANT}/messages`, 404, ({ api }) => api("GET", "/v3/grants/nobody/messages")],
  [`GET ${OF_GRANT}/messages`, 200, ({ api, grant }) => api("GET", `${grant}/messages`)],
  [
    `GET ${OF_GRANT}/messages`,
    200,
    ({ api, grant }) => api("GET", `${grant}/messages?fields=include_headers`),
  ],
  [`GET ${MESSAGE}`, 404, ({ api, grant }) => api("GET", `${grant}/messages/nothing`)],
  [`GET ${MESSAGE}`, 400, ({ api, grant, message }) => api("GET", `${grant}/messages/${message}?fields=all`)],
  [`GET ${MESSAGE}`, 200, ({ api, grant, message }) => api("GET", `${grant}/messages/${message}`)],
  [
    `PUT ${MESSAGE}`,
    400,
    ({ api, grant, message }) => api("PUT", `${grant}/messages/${message}`, { unread: "no" }),
  ],
  [`PUT ${MESSAGE}`, 404, ({ api, grant }) => api("PUT", `${grant}/messages/nothing`, {})],
  [
    `PUT ${MESSAGE}`,
    200,
    ({ api, grant, message }) => api("PUT", `${grant}/messages/${message}`, { unread: false }),
  ],
  [`DELETE ${MESSAGE}`, 404, ({ api, grant }) => api("DELETE", `${grant}/messages/nothing`)],
  [`DELETE ${MESSAGE}`, 200, ({ api, grant, message }) => api("DELETE", `${grant}/messages/${message}`)],

  [SEND, 400, ({ api, grant }) => api("POST", `${grant}/messages/send`, { to: [] })],
  [SEND, 200, ({ api, grant }) => api("POST", `${grant}/messages/send`, mail)],
  [SEND, 200, ({ api, grant }) => api("POST", `${grant}/messages/send?fields=include_basic_headers`, mail)],
  [
    SEND,
    409,
    async ({ api, grant }) => {
      await api("POST", `${grant}/messages/send`, mail, { "idempotency-key": "k" });
      return api("POST", `${grant}/messages/send`, { ...mail, subject: "?" }, { "idempotency-key": "k" });
    },
  ],

  [`GET ${OF_GRANT}/folders`, 200, ({ api, grant }) => api("GET", `${grant}/folders`)],

  [DOWNLOAD, 400, ({ api, grant, attachment }) => api("GET", `${grant}/attachments/${attachment}/download`)],
  [
    DOWNLOAD,
    404,
    ({ api, grant, attachment }) =>
      api("GET", `${grant}/attachments/${attachment}/download?message_id=nothing`),
  ],

  ["GET /v3/webhooks", 200, ({ api }) => api("GET", "/v3/webhooks")],
  ["POST /v3/webhooks", 400, ({ api }) => api("POST", "/v3/webhooks", {})],
  ["POST /v3/webhooks", 200, ({ api }) => api("POST", "/v3/webhooks", hook)],
  ["GET /v3/webhooks/{id}", 400, ({ api }) => api("GET", "/v3/webhooks/nothing")],
  ["GET /v3/webhooks/{id}", 200, ({ api, webhook }) => api("GET", `/v3/webhooks/${webhook}`)],
  ["PUT /v3/webhooks/{id}", 400, ({ api }) => api("PUT", "/v3/webhooks/nothing", {})],
  [
    "PUT /v3/webhooks/{id}",
    200,
    ({ api, webhook }) => api("PUT", `/v3/webhooks/${webhook}`, { status: "pause" }),
  ],
  ["DELETE /v3/webhooks/{id}", 400, ({ api }) => api("DELETE", "/v3/webhooks/nothing")],
  ["DELETE /v3/webhooks/{id}", 200, ({ api, webhook }) => api("DELETE", `/v3/webhooks/${webhook}`)],
  [
    "POST /v3/webhooks/rotate-secret/{id}",
    400,
    ({ api }) => api("POST", "/v3/webhooks/rotate-secret/nothing"),
  ],
  [
    "POST /v3/webhooks/rotate-secret/{id}",
    200,
    ({ api, webhook }) => api("POST", `/v3/webhooks/rotate-secret/${webhook}`),
  ],
  ["GET /v3/connect/auth", 400, ({ api }) => api("GET", "/v3/connect/auth")],
];

describe("responses conform to the OpenAPI document", () => {
  test.each(answers)("%s %i", async (operation, status, call) => {
    const answer = await call(await prepared());
    expect(answer.status).toBe(status);
    expectConformance(operation, answer);
  });

  test.each(["401", "429", "429-provider", "504"])("a list that fails with %s", async (kind) => {
    const { api, control, grant } = await prepared();
    await control("POST", "/fault", { route: "GET /messages", kind });
    const answer = await api("GET", `${grant}/messages`);
    expect(String(answer.status)).toBe(kind.slice(0, 3));
    expectConformance(`GET ${OF_GRANT}/messages`, answer);
  });

  test("a list of an expired grant", async () => {
    const { api, control, grant } = await prepared();
    await control("POST", `/grants/${grant.split("/").at(-1)}/expire`);
    expectConformance(`GET ${OF_GRANT}/messages`, await api("GET", `${grant}/messages`));
  });

  test("an unknown route", async () => {
    const { api, grant } = await prepared();
    for (const path of ["/", "/v3/planets", `${grant}/planets`]) {
      const answer = await api("POST", path);
      expect(answer.status).toBe(404);
      expectConformance("GET /v3/grants/{grantId}", answer);
    }
  });
});

describe("notifications conform to the schema of their object", () => {
  function expectObject(schema: string, object: Record<string, unknown>): void {
    const validate = validatorOf({ $ref: `#/components/schemas/${schema}` });
    expect(validate(object) ? [] : validate.errors).toEqual([]);
    expectKnownFields(schema, object);
  }

  test("messages of every provider", async () => {
    for (const provider of ["google", "microsoft", "imap"] as const) {
      const { sim, api, delivered } = startSim();
      const { id } = sim.addGrant({ email: "team@app.example", provider });
      await api("POST", `/v3/grants/${id}/messages/send`, mail);
      await sim.tick();
      const objects = (type: string) =>
        delivered.filter(({ json }) => json.type === type).map(({ json }) => json.data.object);
      expect(objects("message.created")).toHaveLength(1);
      for (const object of objects("message.created")) expectObject("message", object);
    }
  });
});

describe("objects have no undocumented fields", () => {
  test("messages, attachments, folders and grants", async () => {
    const { api, grant } = await prepared();
    const message = (await api("GET", `${grant}/messages?fields=include_headers`)).body.data[0];
    expectKnownFields("message", message);
    expectKnownFields("attachment", message.attachments[0]);
    expectKnownFields("folder", (await api("GET", `${grant}/folders`)).body.data[0]);
    expectKnownFields("GrantObject", (await api("GET", grant)).body.data);
    const sent = (await api("POST", `${grant}/messages/send?fields=include_headers`, mail)).body.data;
    expectKnownFields("message_send_response", sent);
  });
});
