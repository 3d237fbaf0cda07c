import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /me": {
    id: "getMe",
    summary: "Show the caller",
    description: "Who the token is of. Its name is kept for colleagues.",
  },
  "GET /users": {
    id: "listUsers",
    summary: "List the users of the caller's companies",
    description: "Those who were here with a name in their token, by id.",
  },
};
