import type { RouteDocs } from "../../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /media/:key": {
    id: "getMedia",
    summary: "Get a picture or a video",
    description:
      "The URLs in answers lead here, and need no token. Those of stories are signed for one viewer and good for 6 to 12 hours; they work as long as this viewer may see the story. Takes `Range` and `If-None-Match`. Copies must be asked for again, so that what is deleted is gone at once.",
    security: [],
    responses: {
      200: {
        description: "The bytes, with the type that they have.",
        type: "application/octet-stream",
        headers: ["Accept-Ranges", "ETag"],
      },
      206: {
        description: "The part that `Range` names.",
        type: "application/octet-stream",
        headers: ["Content-Range", "Accept-Ranges", "ETag"],
      },
      304: { description: "Unchanged." },
    },
  },
};
