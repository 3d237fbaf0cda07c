import { setTimeout as sleep } from "node:timers/promises";

const TRIES = 8;
const LONGEST_WAIT_SECONDS = 60;

/** Reads from a Xabar with a token. */
export interface Api {
  /** @throws Error with the path and what the server says */
  get<T>(path: string): Promise<T>;
  /** Downloads a file. @returns null when the provider no longer has it */
  download(attachmentId: string): Promise<Uint8Array | null>;
}

/** @param url the origin of Xabar. @param token of a member of the company */
export function createApi(url: string, token: string): Api {
  const authorization = `Bearer ${token}`;
  const read = async (path: string): Promise<Response> => {
    const response = await trying(() => fetch(`${url}${path}`, { headers: { authorization } }));
    if (response.ok || response.status === 404) return response;
    throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  };
  const get = async <T>(path: string): Promise<T> => {
    const response = await read(path);
    if (!response.ok) throw new Error(`GET ${path}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    get,
    download: async (attachmentId) => {
      const response = await read(`/attachments/${attachmentId}/download`);
      if (!response.ok) return null;
      const { download_url } = (await response.json()) as { download_url: string };
      const file = await trying(() => fetch(download_url));
      if (!file.ok) throw new Error(`The file of attachment ${attachmentId}: ${file.status}`);
      return new Uint8Array(await file.arrayBuffer());
    },
  };
}

/** Repeats a request that the server is too busy for, or that a broken connection ended. */
async function trying(request: () => Promise<Response>): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const response = await request().catch((error: unknown) => {
      if (attempt === TRIES) throw error;
      return null;
    });
    const isBusy = !response || response.status === 429 || response.status >= 500;
    if (!isBusy || attempt === TRIES) return response as Response;
    await response?.body?.cancel();
    const asked = Number(response?.headers.get("retry-after")) || 2 ** (attempt - 1);
    await sleep(1000 * Math.min(asked, LONGEST_WAIT_SECONDS));
  }
}
