import { type Client, createClient, type Schemas } from "../../client/index.ts";
import { t } from "./i18n/index.ts";
import { currentToken, signOut } from "./session.ts";

export { queries } from "./cache.ts";
export type { Schemas };

/** The API, as the signed-in user. A token that is refused signs its user out. */
export const api: Client = createClient({
  baseUrl: location.origin,
  token: (refused) => {
    const token = currentToken() ?? "";
    if (refused !== undefined && refused === token) signOut();
    return token;
  },
});

/** An error response of the API. */
export class ApiError<Body extends { detail: string } = { detail: string }> extends Error {
  readonly status: number;
  readonly body: Body;

  constructor(status: number, body: Body) {
    super(body.detail);
    this.status = status;
    this.body = body;
  }
}

interface Result<Data, Body> {
  data?: Data;
  error?: Body;
  response: Response;
}

/**
 * Takes the data of a call.
 * @throws ApiError if the API refused it; TypeError if there was no response
 */
export async function take<Data, Body extends { detail: string }>(
  call: Promise<Result<Data, Body>>,
): Promise<NonNullable<Data>> {
  const { data, error, response } = await call;
  if (!response.ok) throw new ApiError(response.status, error ?? { detail: response.statusText });
  return data as NonNullable<Data>;
}

/** A sentence that says what went wrong, for a person. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  if (error instanceof TypeError) return t("error.offline");
  return t("error.unknown");
}
