import { setTimeout as sleep } from "node:timers/promises";
import { cpuOf } from "../support/processes.ts";
import { distributionOf } from "../support/statistics.ts";
import type { RunningWorker } from "../support/worker.ts";

const ROUNDS = 40;
/** The first hashes run code that V8 has not optimised yet. They also reach the limit of sign-ins. */
const WARM_UP = 10;
/** Time for background work of workerd after the response. */
const REST_MS = 50;

/**
 * Measures the CPU of a password. A sign-in by an unknown e-mail takes one hash. A sign-in that is refused for its limit
 * takes the same statements, and none.
 * @returns the difference of the medians, in milliseconds of CPU
 */
export async function measurePassword(worker: RunningWorker): Promise<number> {
  for (let count = 0; count < WARM_UP; count++) await signIn(worker, "throttled@hub.example");
  const [hashed, refused]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    hashed.push(await cpuOfSignIn(worker, `nobody${round}@hub.example`, 401));
    refused.push(await cpuOfSignIn(worker, "throttled@hub.example", 429));
  }
  return distributionOf(hashed).median - distributionOf(refused).median;
}

async function cpuOfSignIn(worker: RunningWorker, email: string, wanted: number): Promise<number> {
  const before = cpuOf(worker.pid);
  const status = await signIn(worker, email);
  if (status !== wanted) throw new Error(`A sign-in is answered ${status}, not ${wanted}`);
  await sleep(REST_MS);
  return cpuOf(worker.pid) - before;
}

async function signIn({ url }: RunningWorker, email: string): Promise<number> {
  const response = await fetch(`${url}/api/accounts/auth/signin/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: "a password of nobody" }),
  });
  await response.body?.cancel();
  return response.status;
}
