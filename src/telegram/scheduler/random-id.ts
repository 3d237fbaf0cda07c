import { hmacBytes } from "../../lib/hmac.ts";

const encoder = new TextEncoder();

/**
 * The random id of the post of a run in a group: 64 bits in signed decimal. It is the same whenever it is asked for, so
 * nothing of it can be lost.
 * @param seed of the mailing, secret: nobody can foresee the id
 */
export async function randomIdOf(seed: BufferSource, run: number, group: number): Promise<string> {
  const signature = await hmacBytes(seed, encoder.encode(`${run}:${group}`));
  return String(new DataView(signature).getBigInt64(0));
}
