import type { Bytes } from "../store/store.ts";

const PIECES = 20;

/** Holds back the second half of the body until `released` settles. */
export function heldBack(answer: Response, released: () => Promise<void>): Promise<Response> {
  return inPieces(answer, async function* (body) {
    const half = Math.floor(body.byteLength / 2);
    yield body.subarray(0, half);
    await released();
    yield body.subarray(half);
  });
}

/** Breaks the connection after half of the body. */
export function cutOff(answer: Response): Promise<Response> {
  return inPieces(answer, async function* (body) {
    yield body.subarray(0, Math.floor(body.byteLength / 2));
    throw new Error("connection reset");
  });
}

/** Sends the body in pieces, with a pause before each. */
export function slowed(
  answer: Response,
  ms: number,
  pause: (ms: number) => Promise<void>,
): Promise<Response> {
  return inPieces(answer, async function* (body) {
    const step = Math.ceil(body.byteLength / PIECES) || 1;
    for (let start = 0; start < body.byteLength; start += step) {
      await pause(ms / PIECES);
      yield body.subarray(start, start + step);
    }
  });
}

async function inPieces(
  answer: Response,
  pieces: (body: Bytes) => AsyncGenerator<Bytes, void, void>,
): Promise<Response> {
  const body = new Uint8Array(await answer.arrayBuffer());
  const iterator = pieces(body);
  const stream = new ReadableStream<Bytes>({
    async pull(controller) {
      const { value, done } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void iterator.return(),
  });
  const headers = new Headers(answer.headers);
  // The length lets a client notice an incomplete body.
  headers.set("content-length", String(body.byteLength));
  // Without this, Miniflare leaves the client waiting after a body was cut off.
  headers.set("connection", "close");
  return new Response(stream, { status: answer.status, headers });
}
