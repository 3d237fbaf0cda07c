import type { tl } from "@mtcute/core";
import type { Caller } from "../wire/handler.ts";
import type { World } from "./world.ts";

type Name = keyof tl.RpcCallReturn;

/** The methods that the world knows, each with its own types. */
export type Methods = {
  [Method in Name]?: (
    world: World,
    call: tl.FindByName<tl.RpcMethod, Method>,
    caller: Caller,
  ) => tl.RpcCallReturn[Method] | Promise<tl.RpcCallReturn[Method]>;
};
