import type { RouteDocs } from "../../platform/docs.ts";

const FOLDERS = "/api/:accountId{c[0-9a-z]{24}}/folders";

export const docs: RouteDocs = {
  [`GET ${FOLDERS}`]: { id: "listFolders", summary: "List the folders of an account" },
  [`GET ${FOLDERS}/:folderId/messages`]: {
    id: "listMessages",
    summary: "List the messages in a folder",
    description: "Any page can be asked for. `total` is of the messages that the filter lets pass.",
  },
};
