import { spawn, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Cleanup } from "../support/cleanup.ts";
import { eventually } from "../support/clock.ts";
import { childrenOf } from "../support/processes.ts";
import { type Broadcaster, PUBLISHED } from "./fan-out.ts";

const MODULE = "ngx_nchan_module.so";

/** Path of the Nchan module of nginx; null if either is not installed. */
export function findNchan(): string | null {
  const { stderr, error } = spawnSync("nginx", ["-V"], { encoding: "utf8" });
  if (error) return null;
  const folder = /--modules-path=(\S+)/.exec(stderr)?.[1] ?? "/usr/lib/nginx/modules";
  const path = join(folder, MODULE);
  return existsSync(path) ? path : null;
}

/** The message if Nchan is not installed. */
export const NO_NCHAN =
  "nginx with Nchan is not installed, so there is nothing to compare with: apt-get install nginx libnginx-mod-nchan";

/**
 * Starts nginx with one channel.
 * @param options.directory for its configuration and logs
 * @param options.streams number of streams
 * @param options.payload the payload of each event
 */
export async function startNchan(
  cleanup: Cleanup,
  options: { module: string; directory: string; streams: number; payload: string },
): Promise<Broadcaster> {
  const { directory, streams, payload } = options;
  const port = await freePort();
  const file = join(directory, "nginx.conf");
  writeFileSync(file, configuration({ ...options, port }));
  const args = ["-c", file, "-p", directory, "-e", join(directory, "error.log")];
  const child = spawn("nginx", args, { stdio: ["ignore", "inherit", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  cleanup.defer(async () => {
    child.kill();
    await exited;
  });
  const master = child.pid ?? 0;
  const url = `http://127.0.0.1:${port}`;
  await eventually("nginx answers", async () => {
    const response = await fetch(`${url}/ready`).catch(() => null);
    return response?.ok || undefined;
  });
  return {
    name: "nginx + Nchan",
    urls: Array.from({ length: streams }, () => `${url}/events`),
    greeting: null,
    pids: () => [master, ...childrenOf(master, "nginx")],
    publish: () => publish(`${url}/publish`, payload),
  };
}

async function publish(url: string, payload: string): Promise<void> {
  const headers = { "content-type": "application/json", "x-eventsource-event": PUBLISHED };
  const response = await fetch(url, { method: "POST", headers, body: payload });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`Nchan refused the event: ${response.status}`);
}

interface Configured {
  module: string;
  directory: string;
  port: number;
  streams: number;
}

const configuration = ({ module, directory, port, streams }: Configured): string => `
load_module ${module};
daemon off;
worker_processes 1;
worker_rlimit_nofile ${streams * 2 + 1024};
pid ${directory}/nginx.pid;
error_log ${directory}/error.log warn;
events { worker_connections ${streams * 2 + 512}; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
    .join("\n  ")}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /ready { return 200; }
    location = /publish {
      nchan_publisher;
      nchan_channel_id company;
      nchan_message_buffer_length 100;
      nchan_message_timeout 5m;
    }
    location = /events {
      nchan_subscriber eventsource;
      nchan_channel_id company;
      nchan_subscriber_first_message newest;
      nchan_eventsource_ping_interval 15;
      nchan_eventsource_ping_event "";
      nchan_eventsource_ping_comment keepalive;
    }
  }
}
`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (!address || typeof address === "string") throw new Error("There is no free port");
  return address.port;
}
