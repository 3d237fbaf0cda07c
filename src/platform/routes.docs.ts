import type { RouteDocs } from "./docs.ts";

export const docs: RouteDocs = {
  "GET /health": {
    id: "getHealth",
    summary: "Tell whether the Worker answers",
    description:
      "Anyone sees the parts that the configuration tells about. With `METRICS_TOKEN` as the Bearer token, the database, the bucket, the queues and the mail provider are asked too, at most every 10 seconds.",
    security: ["metricsToken"],
    isOpenToAll: true,
    responses: { 503: { description: "A part is down.", schemas: ["UnhealthyResponse"] } },
  },
  "GET /metrics": {
    id: "getMetrics",
    summary: "Measure the installation, for Prometheus",
    description: "The text format 0.0.4: docs/operations.md has each metric and what to watch.",
    security: ["metricsToken"],
    responses: {
      200: { description: "The metrics.", type: "text/plain" },
      401: { description: "The token is not `METRICS_TOKEN`.", headers: ["WWW-Authenticate"] },
      404: "`METRICS_TOKEN` is not set.",
    },
  },
};
