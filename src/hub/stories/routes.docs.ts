import type { RouteDocs } from "../../platform/docs.ts";

const ID = ":id{\\d{1,15}}";

export const docs: RouteDocs = {
  "GET /api/stories/active": {
    id: "listActiveStories",
    summary: "List your active stories",
    description: "Of the last 24 hours, newest first.",
  },
  "POST /api/stories/active": {
    id: "createStory",
    summary: "Publish a story",
    description:
      "Others see it for 24 hours, as `audience` allows: `public` is everybody (for a private profile: its contacts), `contact` the people whom you have as contact, `marked` those in `marked`. A private profile's stories are for its contacts whatever the audience is. `media` is one image or video, so the body is multipart/form-data; `marked` is a field that occurs several times, `[2,3]` or `2,3`, of at most 1,000 users.",
    responses: { 201: "The story." },
  },
  "GET /api/stories/active/:user_id{\\d{1,15}}/stories": {
    id: "listStoriesOfUser",
    summary: "List a user's stories",
    description: "Those that you may see now, newest first. A user whom you do not see is 404.",
  },
  [`GET /api/stories/active/${ID}`]: {
    id: "getStory",
    summary: "Get a story",
    description:
      "One that you may see now. Of `marked`, others than the owner find at most themselves. After 24 hours it is 404, also for its owner, who finds it in the archive.",
  },
  [`PATCH /api/stories/active/${ID}`]: {
    id: "updateStory",
    summary: "Change a story",
    description:
      "Its owner only, and while it is active. What is left out stays; `marked` replaces all. It does not last longer for it. `media` cannot be changed.",
  },
  [`DELETE /api/stories/active/${ID}`]: {
    id: "deleteStory",
    summary: "Delete an active story",
    description: "For good, with its file, reactions and views: it does not go to the archive.",
    responses: { 204: "Deleted." },
  },
  "GET /api/stories/archive": {
    id: "listArchivedStories",
    summary: "List your archive",
    description: "Your stories of more than 24 hours ago, newest first.",
  },
  [`GET /api/stories/archive/${ID}`]: {
    id: "getArchivedStory",
    summary: "Get a story of your archive",
  },
  [`DELETE /api/stories/archive/${ID}`]: {
    id: "deleteArchivedStory",
    summary: "Delete a story of your archive",
    description: "For good, with its file, reactions and views.",
    responses: { 204: "Deleted." },
  },
  "GET /api/stories/reaction": {
    id: "listStoryReactions",
    summary: "List the reactions to your story",
    description: "Newest first. The story's owner only, also in the archive.",
  },
  "POST /api/stories/reaction": {
    id: "reactToStory",
    summary: "React to a story",
    description: "With one emoji, once. The story must be one that you may see now, else it is 404.",
    responses: { 201: "The reaction." },
  },
  [`PATCH /api/stories/reaction/${ID}`]: {
    id: "updateStoryReaction",
    summary: "Change your reaction",
    description: "As long as you may see the story.",
  },
  [`DELETE /api/stories/reaction/${ID}`]: {
    id: "deleteStoryReaction",
    summary: "Take back your reaction",
    description: "As long as you may see the story.",
    responses: { 204: "Deleted." },
  },
  "GET /api/stories/viewed": {
    id: "listStoryViews",
    summary: "List who has seen your story",
    description: "Newest first, without yourself. The story's owner only, also in the archive.",
  },
  "POST /api/stories/viewed": {
    id: "markStoryViewed",
    summary: "Mark a story as viewed",
    description:
      "`viewer` is yourself, or is left out. Another time it answers 200 with the first view. The story must be one that you may see now, else it is 404.",
    responses: { 200: "The first view, once more.", 201: "The view." },
  },
};
