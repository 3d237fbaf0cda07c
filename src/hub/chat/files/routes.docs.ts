import type { RouteDocs } from "../../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /api/chat/files": {
    id: "listChatFiles",
    summary: "List your files",
    description: "What you have uploaded for messages, the newest first; without `page`, at most 1,000.",
  },
  "POST /api/chat/files": {
    id: "uploadChatFile",
    summary: "Upload a file for messages",
    description:
      "Takes any file of at most 50 MB, as multipart/form-data. Its content tells the type, never its name. Pictures and videos lose their metadata, such as positions; pictures of which this is not possible (HEIC, TIFF) are refused. Without `file_type` the content tells it; anything can be sent as `document` or `other`. The same file again is the one that you have. A file that no message gets goes after a day.",
    responses: {
      201: "The file.",
      200: "You have uploaded the same file before: this is it, with the type that it got then.",
      400: "No file, an empty, damaged or too large one, or a `file_type` that its content does not have.",
    },
  },
  "DELETE /api/chat/files/:id{[0-9]{1,15}}": {
    id: "deleteChatFile",
    summary: "Delete your file",
    description: "Its URL ends at once, and messages that have it show it no more.",
    responses: { 204: "Deleted." },
  },
};
