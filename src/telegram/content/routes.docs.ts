import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "PATCH /api/v1/auto-mailing/mailing/:telegramId": {
    id: "updateMailing",
    summary: "Change the text, image or video",
    description:
      "What is left out stays; null removes an image or a video. A text has at most 4,096 characters, beside an image or a video 1,024. JPEG, PNG and WebP of 10 MB, MP4 of 50 MB. A mailing that runs takes it up with its next run.",
  },
};
