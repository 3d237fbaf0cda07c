import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /api/accounts/account/status": {
    id: "getStatus",
    summary: "Get your status",
    description: "Your own. 404 if you have none.",
  },
  "POST /api/accounts/account/status": {
    id: "createStatus",
    summary: "Set your status",
    description: "At most 55 characters.",
    responses: { 201: "The status.", 400: "You have one: change it by PUT." },
  },
  "PUT /api/accounts/account/status": {
    id: "updateStatus",
    summary: "Change your status",
    description: "At most 55 characters. 404 if you have none.",
  },
  "DELETE /api/accounts/account/status": {
    id: "deleteStatus",
    summary: "Delete your status",
    description: "404 if you have none.",
    responses: { 204: "Deleted." },
  },
};
