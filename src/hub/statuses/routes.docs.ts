import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /api/accounts/account/status": {
    id: "getStatus",
    summary: "Get one's status",
    description: "Your own. 404 if you have none.",
  },
  "POST /api/accounts/account/status": {
    id: "createStatus",
    summary: "Set a status",
    description: "At most 55 characters.",
    responses: { 201: "The status.", 400: "You have one: change it by PUT." },
  },
  "PUT /api/accounts/account/status": {
    id: "updateStatus",
    summary: "Change one's status",
    description: "At most 55 characters. 404 if you have none.",
  },
  "DELETE /api/accounts/account/status": {
    id: "deleteStatus",
    summary: "Delete one's status",
    description: "404 if you have none.",
    responses: { 204: "Deleted." },
  },
};
