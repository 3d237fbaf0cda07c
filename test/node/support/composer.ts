import type { Page } from "playwright-core";
import { expect } from "vitest";
import { waitFor } from "../../support/wait.ts";
import { type newUser, openInbox, receiveStored } from "./inbox.ts";
import { openThread } from "./reading.ts";

type User = Awaited<ReturnType<typeof newUser>>;

/** The composer and its parts, as their users know them. */
export const composerOf = (page: Page) => {
  const composer = page.getByRole("region", { name: "New mail" });
  const text = composer.getByRole("textbox", { name: "Text of the message" });
  return {
    composer,
    text,
    to: composer.getByRole("combobox", { name: "To" }),
    subjectField: composer.getByRole("textbox", { name: "Subject" }),
    send: composer.getByRole("button", { name: "Send", exact: true }),
    /** Waits until the text is this. */
    async untilText(wanted: string): Promise<void> {
      // biome-ignore lint/performance/useDomNodeTextContent: its lines are wanted
      await waitFor(async () => expect((await text.innerText()).trim()).toBe(wanted), 100);
    },
    /** Waits until all that was typed is in the draft. */
    async untilSaved(): Promise<void> {
      await composer.getByText(/^Saved \d/).waitFor();
    },
  };
};

/** Opens a conversation with one mail, by somebody. */
export async function openConversation(user: User, mail: { thread_id: string }) {
  const opened = await openInbox({ user });
  await opened.page.locator(".row").first().waitFor();
  await openThread(opened.page, mail.thread_id);
  return { ...opened, ...composerOf(opened.page) };
}

/** A mail that has come in, with its conversation open in a browser. */
export async function answering(user: User, mail: Parameters<typeof receiveStored>[0] = {}) {
  const received = await receiveStored(mail);
  return { ...received, ...(await openConversation(user, received)) };
}

/** Opens the composer for a new mail. */
export async function writing(user: User) {
  const opened = await openInbox({ user });
  await opened.page.locator(".row").first().waitFor();
  await opened.page.keyboard.press("c");
  const parts = composerOf(opened.page);
  await parts.to.waitFor();
  return { ...opened, ...parts };
}

/** The user's drafts with that subject. */
export async function draftsOf({ api }: User, subject: string) {
  const { data } = await api.GET("/drafts", { params: { query: { size: 100 } } });
  return (data?.items ?? []).filter((draft) => draft.subject === subject);
}

/** Waits until the outbox says this of the mail with that subject. @returns its entry */
export const untilOutbox = ({ api }: User, subject: string, state: string) =>
  waitFor(async () => {
    const { data } = await api.GET("/outbox", { params: { query: { size: 50 } } });
    const entry = data?.items.find((item) => item.subject === subject);
    expect(entry?.state).toBe(state);
    return entry!;
  }, 200);
