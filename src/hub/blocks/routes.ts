import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { HubEnv } from "../context.ts";
import { ListQuery, pageOf } from "../lists.ts";
import { body, sendList } from "../requests/middleware.ts";
import { blockUser, unblockUser } from "./change.ts";
import { getBlock, listBlocks } from "./list.ts";
import { BlockCreate, BlockParam } from "./schemas.ts";

const MOST_LISTED = 1000;
const PK = "/:pk{[0-9]{1,15}}";

export const blocks = () => {
  const param = valid("param", BlockParam);
  return new Hono<HubEnv>({ strict: false })
    .get("/", responds(200, "BlockListResponse"), valid("query", ListQuery), async (c) => {
      const page = pageOf(c.req.valid("query"), MOST_LISTED);
      return sendList(c, page, await listBlocks(c.var.ctx, page));
    })
    .post("/", responds(201, "BlockResponse"), body(BlockCreate), async (c) =>
      c.json(await blockUser(c.var.ctx, c.req.valid("json")), 201),
    )
    .get(PK, responds(200, "BlockResponse"), param, valid("query", noQuery), async (c) =>
      c.json(await getBlock(c.var.ctx, c.req.valid("param").pk)),
    )
    .delete(PK, responds(204, null), param, async (c) => {
      await unblockUser(c.var.ctx, c.req.valid("param").pk);
      return c.body(null, 204);
    });
};
