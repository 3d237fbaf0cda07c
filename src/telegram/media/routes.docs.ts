import type { RouteDocs } from "../../platform/docs.ts";

const FILE_HEADERS = ["Accept-Ranges", "Content-Disposition", "Content-Security-Policy", "ETag"];

export const docs: RouteDocs = {
  "GET /media/mailing/:name": {
    id: "getMailingMedia",
    summary: "Get the image or video of a mailing",
    description: "Its name is all that protects it: nobody can guess it. Takes `Range`.",
    security: [],
    responses: {
      200: { description: "The bytes.", type: "*/*", headers: FILE_HEADERS },
      206: {
        description: "The part that `Range` names.",
        type: "*/*",
        headers: ["Content-Range", ...FILE_HEADERS],
      },
      400: { description: "The range is outside the file.", schemas: ["InvalidResponse"] },
    },
  },
};
