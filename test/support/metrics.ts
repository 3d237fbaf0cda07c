import { env, exports } from "cloudflare:workers";
import parse from "parse-prometheus-text-format";
import { expect } from "vitest";

export interface Family {
  name: string;
  help: string;
  type: string;
  metrics: { value: string; labels?: Record<string, string> }[];
}

/** `GET /metrics` with this Authorization header. */
export const askMetrics = (authorization?: string, more: Record<string, string> = {}): Promise<Response> =>
  exports.default.fetch("https://xabar.test/metrics", {
    headers: { ...(authorization === undefined ? {} : { authorization }), ...more },
  });

/** The metrics as a parser of Prometheus's format reads them. */
export async function families(more: Record<string, string> = {}): Promise<Family[]> {
  const response = await askMetrics(`Bearer ${env.METRICS_TOKEN}`, more);
  expect(response.status).toBe(200);
  return parse(await response.text());
}

/** Every sample, by its name, or as `name value` by the value of its label. */
export async function samples(): Promise<Record<string, number>> {
  return Object.fromEntries(
    (await families()).flatMap(({ name, metrics }) =>
      metrics.map(({ value, labels = {} }) => [[name, ...Object.values(labels)].join(" "), Number(value)]),
    ),
  );
}
