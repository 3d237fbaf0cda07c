import { ApiError, api, queries, type Schemas, sentenceOf, take } from "../api.ts";
import { forget, keep } from "./kept.ts";
import { everyone, fieldsOf, isAddress, isSame, type Mail } from "./mail.ts";

/** What has become of the text: `waiting` until it is saved, `offline` until there is a connection. */
export type Saving = "untouched" | "waiting" | "saving" | "saved" | "offline" | "refused";

export interface State {
  mail: Mail;
  saving: Saving;
  /** When it was saved last, in milliseconds since 1970. */
  savedAt: number | null;
  /** Why the draft could not be saved. */
  refusal: string | null;
  /** What a colleague has made of the draft meanwhile. Nothing is saved until one of the two is chosen. */
  conflict: Schemas["DraftResponse"] | null;
  /** The draft was sent or deleted by somebody else. Nothing is saved until its writer decides. */
  isGone: boolean;
}

const REST_MS = 1000;
const KEEP_MS = 250;
const RETRY_MS = 5000;

/** Saves a mail as a draft while it is written: after a second of rest, and whenever it is asked to. */
export class Writer {
  readonly key: string;
  #state: State;
  #isDropped = false;
  readonly #begun: Mail;
  readonly #listeners = new Set<() => void>();
  /** Reads the editor's text. Null while there is no editor. */
  #readText: (() => string) | null = null;
  #changes = 0;
  #savedChanges = 0;
  #work: Promise<unknown> = Promise.resolve();
  #rest: ReturnType<typeof setTimeout> | undefined;
  #keeping: ReturnType<typeof setTimeout> | undefined;
  /** The first draft, until it is known to be stored: repeated under its key, it is stored once. */
  #creation: { key: string; body: Schemas["DraftCreate"]; changes: number } | null = null;

  /** @param begun the mail as it was begun @param mail the mail as it is, if that is more */
  constructor(begun: Mail, mail = begun, key: string = crypto.randomUUID()) {
    this.#begun = begun;
    this.key = key;
    this.#state = { mail, saving: "untouched", savedAt: null, refusal: null, conflict: null, isGone: false };
    if (mail !== begun) this.touch();
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly state = (): State => this.#state;

  #set(changes: Partial<State>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) listener();
  }

  /** The mail with what is in the editor now. */
  mail(): Mail {
    if (this.#readText)
      this.#state = { ...this.#state, mail: { ...this.#state.mail, text: this.#readText() } };
    return this.#state.mail;
  }

  /** Makes an editor the place of the text. @returns ends that, and takes its text */
  follow(readText: () => string): () => void {
    this.#readText = readText;
    return () => {
      this.mail();
      this.#readText = null;
    };
  }

  /** Changes fields of the mail. */
  change(changes: Partial<Mail>): void {
    this.#set({ mail: { ...this.mail(), ...changes } });
    this.touch();
  }

  /** Notes that the text has changed. */
  touch(): void {
    if (this.#isDropped) return;
    this.#changes++;
    this.#keeping ??= setTimeout(() => this.keepNow(), KEEP_MS);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => void this.save(), REST_MS);
    if (this.#state.saving !== "waiting" && this.#state.saving !== "saving") this.#set({ saving: "waiting" });
  }

  /** Whether nothing was written. */
  isUntouched(): boolean {
    return isSame(this.mail(), this.#begun);
  }

  /** Keeps the mail in this browser, unless a draft has it. */
  keepNow(): void {
    clearTimeout(this.#keeping);
    this.#keeping = undefined;
    const mail = this.mail();
    if (this.#isDropped) return;
    const isKept = !this.#isSaved() && (mail.draft !== null || !this.isUntouched());
    if (isKept) keep(this.key, mail);
    else forget(this.key);
    if (isKept) unsaved.set(this.key, this);
    else unsaved.delete(this.key);
  }

  /** Whether the draft has all of it. Addresses that are not valid cannot be in a draft. */
  #isSaved(): boolean {
    return (
      this.#changes === this.#savedChanges &&
      everyone(this.#state.mail).every(({ email }) => isAddress(email))
    );
  }

  /** Saves what has changed. @returns whether the draft has it all */
  save(): Promise<boolean> {
    const saved = this.#work.then(() => this.#save());
    this.#work = saved;
    return saved;
  }

  async #save(): Promise<boolean> {
    clearTimeout(this.#rest);
    const { conflict, isGone } = this.#state;
    if (conflict || isGone || this.#isDropped) return false;
    const mail = this.mail();
    if (this.#changes === this.#savedChanges) return true;
    if (!mail.draft && !this.#creation && this.isUntouched()) {
      this.#savedChanges = this.#changes;
      this.#set({ saving: "untouched" });
      this.keepNow();
      return true;
    }
    this.#set({ saving: "saving", refusal: null });
    try {
      await (mail.draft ? this.#update(mail, mail.draft) : this.#create(mail));
    } catch (error) {
      this.#fail(error);
      return false;
    }
    if (this.#changes !== this.#savedChanges) return this.#save();
    this.#set({ saving: "saved", savedAt: Date.now() });
    this.keepNow();
    return true;
  }

  async #create(mail: Mail): Promise<void> {
    const body = { email_account_id: mail.account_id, ...fieldsOf(mail) };
    this.#creation ??= { key: crypto.randomUUID(), body, changes: this.#changes };
    const { key, body: first, changes } = this.#creation;
    const draft = await take(
      api.POST("/drafts", { params: { header: { "Idempotency-Key": key } }, body: first }),
    ).catch((error) => {
      if (error instanceof ApiError) this.#creation = null;
      throw error;
    });
    this.#creation = null;
    this.#accept(draft, changes);
  }

  async #update(mail: Mail, { id, version }: NonNullable<Mail["draft"]>): Promise<void> {
    const changes = this.#changes;
    const params = { path: { draft_id: id }, header: { "If-Match": `"${version}"` } };
    const body = { email_account_id: mail.account_id, ...fieldsOf(mail) };
    this.#accept(await take(api.PATCH("/drafts/{draft_id}", { params, body })), changes);
  }

  #accept({ id, version }: { id: string; version: number }, changes: number): void {
    this.#set({ mail: { ...this.mail(), draft: { id, version } } });
    this.#savedChanges = changes;
    void queries.invalidateQueries({ queryKey: ["drafts"] });
  }

  #fail(error: unknown): void {
    this.keepNow();
    const { draft } = this.#state.mail;
    if (error instanceof ApiError && error.status === 409 && "draft" in error.body) {
      const theirs = error.body.draft as Schemas["DraftResponse"];
      // A change of our own whose answer was lost is no conflict.
      if (
        theirs.body_html === fieldsOf(this.#state.mail).body_html &&
        theirs.version === (draft?.version ?? 0) + 1
      )
        this.#adopt(theirs);
      else this.#set({ saving: "refused", conflict: theirs });
    } else if (error instanceof ApiError && error.status === 404 && draft) {
      this.#set({ saving: "refused", isGone: true });
    } else if (error instanceof ApiError) {
      this.#set({ saving: "refused", refusal: sentenceOf(error) });
    } else {
      this.#set({ saving: "offline" });
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => void this.save(), RETRY_MS);
    }
  }

  #adopt({ id, version }: Schemas["DraftResponse"]): void {
    this.#set({ mail: { ...this.mail(), draft: { id, version } }, conflict: null, isGone: false });
    void this.save();
  }

  /** Shows that a colleague has changed the draft, as its sending has told. */
  meet(theirs: Schemas["DraftResponse"]): void {
    this.#set({ saving: "refused", conflict: theirs });
  }

  /** Overwrites a colleague's version with this one. */
  keepMine(): Promise<boolean> {
    const { conflict } = this.#state;
    if (conflict) this.#adopt(conflict);
    return this.save();
  }

  /** Makes a new draft of a mail whose draft is gone. */
  keepAsNew(): Promise<boolean> {
    this.#set({ mail: { ...this.mail(), draft: null }, isGone: false });
    return this.save();
  }

  /** Notes that the writer has seen a newer version of the conversation. */
  see(thread: NonNullable<Mail["thread"]>): void {
    this.#set({ mail: { ...this.mail(), thread } });
  }

  /**
   * Ends the writing: saves what is left, or removes its draft when nothing is left. Without a connection it goes on
   * trying.
   * @returns the mail, if there is something of it
   */
  async close(): Promise<Mail | null> {
    const isEmpty = !this.#begun.draft && this.isUntouched();
    if (!this.#isDropped && isEmpty) return this.drop().then(removeDraft, () => null);
    const mail = this.mail();
    const isSaved = this.#isDropped || (await this.save());
    if (isSaved) clearTimeout(this.#rest);
    return this.#isDropped ? null : { ...mail, draft: this.#state.mail.draft };
  }

  /** Ends the writing without saving. @returns the mail as it is stored, and as it was written */
  async drop(): Promise<Mail> {
    this.mail();
    this.#isDropped = true;
    clearTimeout(this.#rest);
    clearTimeout(this.#keeping);
    await this.#work;
    clearTimeout(this.#rest);
    clearTimeout(this.#keeping);
    forget(this.key);
    unsaved.delete(this.key);
    return this.#state.mail;
  }
}

/** Deletes the draft of a mail. @returns null @throws ApiError if a colleague has changed it; TypeError */
export async function removeDraft({ draft }: Mail): Promise<null> {
  if (!draft) return null;
  const params = { path: { draft_id: draft.id }, header: { "If-Match": `"${draft.version}"` } };
  await take(api.DELETE("/drafts/{draft_id}", { params })).catch((error) => {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  });
  void queries.invalidateQueries({ queryKey: ["drafts"] });
  return null;
}

/** Those that are not saved yet, by the key of what this browser keeps. */
const unsaved = new Map<string, Writer>();

/** The writer of a mail. One whose composer was closed without a connection still tries to save it. */
export function writerOf(begun: Mail, mail: Mail, key: string | null): Writer {
  return unsaved.get(key ?? "") ?? new Writer(begun, mail, key ?? undefined);
}
