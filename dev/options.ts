import { parseArgs } from "node:util";

/** Where everything listens, and where it keeps what it knows. */
export interface DevOptions {
  port: number;
  nylasPort: number;
  smtpPort: number;
  /** Folder of the Worker's local D1, R2 and queues, the stand-in's memory, logs and mail that left. */
  state: string;
  /** Forget all of it first. */
  fresh: boolean;
}

/**
 * Reads the command line of `npm run dev`.
 * @throws Error with a sentence for the developer
 */
export function readOptions(args: string[]): DevOptions {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: "string", default: "8787" },
      "nylas-port": { type: "string", default: "8788" },
      "smtp-port": { type: "string", default: "2525" },
      state: { type: "string", default: ".wrangler/state" },
      fresh: { type: "boolean", default: false },
    },
  });
  return {
    port: portOf("port", values.port),
    nylasPort: portOf("nylas-port", values["nylas-port"]),
    smtpPort: portOf("smtp-port", values["smtp-port"]),
    state: values.state,
    fresh: values.fresh,
  };
}

function portOf(name: string, value: string): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`--${name} must be a port from 1 to 65535, not "${value}"`);
  }
  return port;
}
