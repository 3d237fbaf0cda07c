interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(size: number): number;
  free(pointer: number): void;
  argon2_hash(...args: number[]): number;
}

/** What a hash costs. `memory` is in KiB. */
export interface Cost {
  memory: number;
  passes: number;
  lanes: number;
}

const HASH_BYTES = 32;
const TYPE_ID = 2;
const VERSION_1_3 = 0x13;

let loaded: Exports | undefined;

/**
 * Instantiated at the first password: a start compiles nothing. Race: it keeps the instance and not a promise, because
 * one request may not wait for what another has begun.
 */
async function load(): Promise<Exports> {
  const { default: module } = await import("@phi-ag/argon2/argon2.wasm");
  if (!loaded) {
    loaded = new WebAssembly.Instance(module).exports as unknown as Exports;
    loaded._initialize();
  }
  return loaded;
}

/**
 * Computes argon2id, version 1.3. The package's own wrapper is not used: it gives C the number of UTF-16 units, so that
 * it ignores the end of a password that is not ASCII.
 * @returns 32 bytes
 * @throws Error when the parameters are refused
 */
export async function argon2id(password: string, salt: Uint8Array, cost: Cost): Promise<Uint8Array> {
  const wasm = await load();
  const bytes = new TextEncoder().encode(password);
  const size = bytes.length + salt.length + HASH_BYTES;
  const start = wasm.malloc(size);
  const [saltAt, hashAt] = [start + bytes.length, start + bytes.length + salt.length];
  try {
    const memory = new Uint8Array(wasm.memory.buffer);
    memory.set(bytes, start);
    memory.set(salt, saltAt);
    const input = [start, bytes.length, saltAt, salt.length];
    const output = [hashAt, HASH_BYTES, 0, 0];
    const { passes, memory: kib, lanes } = cost;
    const error = wasm.argon2_hash(passes, kib, lanes, ...input, ...output, TYPE_ID, VERSION_1_3);
    if (error) throw new Error(`argon2 refuses its parameters: ${error}`);
    // The memory may have grown, and its buffer then is another.
    return new Uint8Array(wasm.memory.buffer).slice(hashAt, hashAt + HASH_BYTES);
  } finally {
    new Uint8Array(wasm.memory.buffer).fill(0, start, start + size);
    wasm.free(start);
  }
}
