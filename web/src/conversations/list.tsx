import type { ListQuery } from "../views.ts";

interface Props {
  query: ListQuery;
  /** The conversation that is open. */
  openId: string | undefined;
  onOpen: (threadId: string | undefined) => void;
}

/** A list of conversations, newest first. */
export function ConversationList({ query }: Props) {
  return <section className="conversations">{query.view}</section>;
}
