import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /media/mailing/:name": {
    id: "getMailingMedia",
    summary: "Get the image or video of a mailing",
    description: "Its name is all that protects it: nobody can guess it. Takes `Range`.",
    security: [],
    responses: {
      200: {
        description: "The bytes.",
        type: "application/octet-stream",
        headers: ["Accept-Ranges", "ETag"],
      },
      206: {
        description: "The part that `Range` names.",
        type: "application/octet-stream",
        headers: ["Content-Range", "Accept-Ranges", "ETag"],
      },
    },
  },
};
