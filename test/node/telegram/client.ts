import { Long, type tl } from "@mtcute/core";
import { type AuthKey, Disturbance, RpcError } from "../../../dev/telegram/wire/handler.ts";
import { createHandler } from "../../../dev/telegram/world/handler.ts";
import { World, type WorldOptions } from "../../../dev/telegram/world/world.ts";

type Name = keyof tl.RpcCallReturn;
type Params<Method extends Name> = Omit<tl.FindByName<tl.RpcMethod, Method>, "_">;

/** A key of a data centre, that nobody has signed in with. */
function createKey(dc = 2): AuthKey {
  return {
    ...{ id: crypto.randomUUID(), dc, secret: new Uint8Array(256), salt: Long.ZERO },
    ...{ phone: null, pendingPhone: null, layer: 227, deviceModel: "test" },
    ...{ isForgotten: false, isDuplicated: false, open: 0, most: 0 },
  };
}

/** A world without a wire: calls go to its handler. */
export function createWorld(options: WorldOptions = {}) {
  const world = new World(options);
  const handler = createHandler(world, () => [
    { id: 2, port: 4002 },
    { id: 4, port: 4004 },
  ]);

  /** A client with a new key. */
  const connect = (dc = 2, key = createKey(dc)) => {
    const caller = { key, connection: 1, dc: key.dc };
    /** @returns the answer @throws RpcError */
    const call = async <Method extends Name>(
      method: Method,
      params: Params<Method>,
    ): Promise<tl.RpcCallReturn[Method]> => {
      const answer = await handler.call({ _: method, ...params } as tl.RpcMethod, caller);
      if (!(answer instanceof Disturbance)) return answer as tl.RpcCallReturn[Method];
      if (answer.reply instanceof RpcError) throw answer.reply;
      throw new Error(`disturbed: ${answer.cut ?? answer.effect ?? `after ${answer.delayMs} ms`}`);
    };
    return { key, call };
  };
  return { world, handler, connect };
}

export type Client = ReturnType<ReturnType<typeof createWorld>["connect"]>;

let lastPhone = 998900000000;

/** A phone that no other test has. */
export const newPhone = (): string => String(++lastPhone);

/** Asks for a code. @returns its hash */
export async function sendCode({ call }: Client, phoneNumber: string): Promise<string> {
  const sent = await call("auth.sendCode", {
    ...{ phoneNumber, apiId: 1, apiHash: "hash", settings: { _: "codeSettings" } },
  });
  if (sent._ !== "auth.sentCode") throw new Error(`an unexpected ${sent._}`);
  return sent.phoneCodeHash;
}

/** Signs in a new account of a world by its code. */
export async function signIn({ world, connect }: ReturnType<typeof createWorld>, phone = newPhone()) {
  const account = world.accounts.get(phone) ?? world.addUser({ phone });
  const client = connect(account.dc);
  const phoneCodeHash = await sendCode(client, phone);
  await client.call("auth.signIn", { phoneNumber: phone, phoneCodeHash, phoneCode: account.code!.digits });
  return { ...client, phone, account };
}

/** What a client is refused with, such as `400 PEER_ID_INVALID`. */
export const refusalOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    (value) => `no refusal: ${JSON.stringify(value)}`,
    (error) => (error instanceof RpcError ? `${error.code} ${error.text}` : String(error)),
  );
