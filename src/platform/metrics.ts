import { isSameText } from "../lib/hmac.ts";
import { bearerToken } from "./auth/bearer.ts";
import { platformConfig } from "./config.ts";

/**
 * Fills numbers into metrics in Prometheus's text format 0.0.4.
 * @param template has `{{name}}` for each
 * @param values by name; one that is missing is 0
 */
export const fillMetrics = (template: string, values: Record<string, number>): string =>
  template.replace(/\{\{(\w+)\}\}/g, (_, name) => String(values[name] ?? 0));

/**
 * Whether a request has METRICS_TOKEN as its Bearer token, compared in constant time.
 * @returns null when that token is not set
 */
export function isOperator(env: Env, headers: Headers): boolean | null {
  const { METRICS_TOKEN } = platformConfig(env);
  return METRICS_TOKEN ? isSameText(bearerToken(headers) ?? "", METRICS_TOKEN) : null;
}
