import { ConnectionReset } from "../nylas/http/errors.ts";

/** A request as faults know it: its method and its path, with a star for each id. */
export const kindOf = ({ method, url }: Request): string =>
  `${method} ${new URL(url).pathname.replaceAll(/[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "*")}`;

/** True for a request that changes the account. A query of D1 does, unless it selects. */
export const isWriting = (request: Request, body: string): boolean =>
  request.method !== "GET" && !(request.url.endsWith("/query") && /"sql":"\s*select/i.test(body));

/** Faults that a test asks for. */
export interface Faults {
  /** The first request of each kind changes nothing: it is answered 503, or its connection is dropped. */
  isEachFailingOnce: boolean;
  /** The first change of each kind is made, but its answer is lost, and no later request is answered. */
  isDyingAfterEach: boolean;
  /** As if the operator's process had been killed. Set it to false before the next run. */
  isDead: boolean;
}

export const noFaults = (): Faults => ({ isEachFailingOnce: false, isDyingAfterEach: false, isDead: false });

/** Puts faults before and behind a handler, and notes the requests that reach it. */
export function createFaults() {
  const failed = new Set<string>();
  const died = new Set<string>();
  const faults = noFaults();
  /** Every request that reached the account, in order. */
  const seen: { kind: string; isWriting: boolean }[] = [];

  async function around(
    request: Request,
    answer: (request: Request) => Response | Promise<Response>,
  ): Promise<Response> {
    if (faults.isDead) throw new ConnectionReset();
    const kind = kindOf(request);
    const body = request.method === "GET" ? "" : await request.clone().text();
    if (faults.isEachFailingOnce && !failed.has(kind)) {
      failed.add(kind);
      if (failed.size % 2 === 0) throw new ConnectionReset();
      const errors = [{ code: 10013, message: "An unknown error has occurred" }];
      return Response.json({ success: false, errors, messages: [], result: null }, { status: 503 });
    }
    const writes = isWriting(request, body);
    seen.push({ kind, isWriting: writes });
    const response = await answer(request);
    if (faults.isDyingAfterEach && writes && response.ok && !died.has(kind)) {
      died.add(kind);
      faults.isDead = true;
      throw new ConnectionReset();
    }
    return response;
  }
  return { faults, seen, died, around };
}
