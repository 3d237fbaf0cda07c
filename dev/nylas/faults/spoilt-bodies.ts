import type { Bytes } from "../store/store.ts";

const PIECES = 20;

/** The same answer, the second half of its body held back until `released` is settled. */
export function heldBack(answer: Response, released: () => Promise<void>): Promise<Response> {
  return inPieces(answer, async function* (body) {
    const half = Math.floor(body.byteLength / 2);
    yield body.subarray(0, half);
    await released();
    yield body.subarray(half);
  });
}

/** The same answer, whose connection breaks after half of the body. */
export function cutOff(answer: Response): Promise<Response> {
  return inPieces(answer, async function* (body) {
    yield body.subarray(0, Math.floor(body.byteLength / 2));
    throw new Error("connection reset");
  });
}

/** The same answer, whose body comes in pieces, with a pause before each of them. */
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
  // By its length a client can tell that a body is not whole.
  headers.set("content-length", String(body.byteLength));
  // Else Miniflare, when a body breaks off, leaves the client waiting for the rest.
  headers.set("connection", "close");
  return new Response(stream, { status: answer.status, headers });
}
