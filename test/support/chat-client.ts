import { placeOf } from "../../src/hub/chat/message-ids.ts";
import { type ChatEvent, type ChatSocket, openSocket } from "./chat.ts";
import { fetchHistory, type Kept, keep, type Ledger } from "./chat-history.ts";
import type { Person } from "./hub-client.ts";
import { waitFor } from "./wait.ts";

/** How a client comes back: with its position, by a frame with it, or after it has fetched the history. */
export type Way = "since" | "resume" | "history";

/**
 * A client that knows a room by events alone. It notes as problems whatever comes twice, out of order, or not at all.
 * Events are applied by `take`, in the order in which they came.
 */
export class ChatClient {
  readonly person: Person;
  readonly room: string;
  readonly view = new Map<string, Kept>();
  /** Up to here it knows all: from here it resumes. */
  position = 0;
  /** Sends without an answer, by client_id: they are sent again. */
  readonly pending = new Map<string, object>();
  /** Sends with an answer, by client_id. */
  readonly answered = new Map<string, object>();
  /** Positions up to which it has surely read, and has perhaps read. */
  readonly read = { surely: 0, perhaps: 0 };
  /** By member: since which position, and which opening, a block keeps them apart. */
  readonly apart = new Map<number, { seq: number; openings: number }>();
  /** Since which position it may hear nothing. */
  deafFrom = Number.POSITIVE_INFINITY;
  readonly problems: string[] = [];
  openings = 0;
  socket: ChatSocket | undefined;
  readonly #ledger: Ledger;
  #taken = 0;
  #hello = 0;
  #way: Way = "since";
  #isGapOpen = false;
  #isStale = false;
  #isCut = false;
  #lastLive = 0;
  #lastMissed = 0;
  #since = 0;
  readonly #applied = new Set<number>();

  constructor(person: Person, room: string, ledger: Ledger) {
    this.person = person;
    this.room = room;
    this.#ledger = ledger;
  }

  get isOpen(): boolean {
    return this.socket !== undefined && this.socket.closed === undefined && !this.#isCut;
  }

  /** Opens a socket, and waits for what was missed. @returns the code if it is closed instead */
  async open(way: Way): Promise<number | undefined> {
    this.take();
    if (way === "history") await this.#fetch();
    [this.#way, this.#since] = [way, this.position];
    for (const seq of this.#applied) if (seq > this.position) this.#applied.delete(seq);
    const query = way === "resume" ? "" : `?since=${this.position}`;
    const socket = await openSocket(this.room, query, { authorization: `Bearer ${this.person.token}` });
    Object.assign(this, { socket });
    [this.#taken, this.#isGapOpen, this.#isCut, this.#lastMissed] = [0, true, false, 0];
    this.openings++;
    const opened = () => socket.closed ?? socket.events.find(({ type }) => type === "hello");
    await waitFor(() => opened() ?? Promise.reject(new Error("It does not open")), 5);
    if (socket.closed) return socket.closed.code;
    if (way === "resume") this.send({ type: "resume", since: this.position });
    await this.#caughtUp(1);
    return socket.closed;
  }

  /** Loses its connection. */
  cut(): void {
    this.take();
    this.socket?.close();
    this.#isCut = true;
  }

  /** Sends a frame, if it can. */
  send(frame: object): void {
    try {
      if (this.isOpen) this.socket?.send(frame);
    } catch {
      // It is being closed: whoever sends it again does so later.
    }
  }

  /** Sends a message. @param clientId to send it again until it is answered */
  say(text: string, more: object, clientId?: string): void {
    const frame = {
      type: "chat_message",
      message: text,
      ...more,
      ...(clientId ? { client_id: clientId } : {}),
    };
    if (clientId) this.pending.set(clientId, frame);
    this.send(frame);
  }

  /** Reads up to a message. */
  readTo(id: string): void {
    this.send({ type: "message_read", id });
    this.read.perhaps = Math.max(this.read.perhaps, placeOf(id)?.seq ?? 0);
  }

  /** Waits until the room has done all that was sent by this socket. @returns false if the socket is closed */
  async settle(): Promise<boolean> {
    if (!this.isOpen) return false;
    const before = this.#answers();
    const { perhaps } = this.read;
    this.send({ type: "resume", since: this.#hello });
    await this.#caughtUp(before + 1);
    if (!this.isOpen) return false;
    this.read.surely = Math.max(this.read.surely, perhaps);
    return true;
  }

  /** Waits for an answer to a resume, and takes what has come. */
  async #caughtUp(nth: number): Promise<void> {
    await waitFor(() => {
      if (this.isOpen && this.#answers() < nth) throw new Error("It does not catch up");
    }, 5);
    this.take();
    if (!this.#isStale) return;
    await this.#fetch();
    this.#isStale = false;
    this.take();
  }

  #answers(): number {
    const events = this.socket?.events ?? [];
    return events.filter(({ type }) => type === "resumed" || type === "resync").length;
  }

  async #fetch(): Promise<void> {
    const { seq, messages } = await fetchHistory(this.person, this.room);
    this.view.clear();
    for (const message of messages) this.view.set(message.id, message);
    this.position = seq;
  }

  /** Applies what has come since the last call. */
  take(): void {
    const events = this.socket?.events ?? [];
    while (this.#taken < events.length && !this.#isStale) this.#apply(events[this.#taken++]!);
  }

  #apply(event: ChatEvent): void {
    const seq = event.seq ?? 0;
    switch (event.type) {
      case "hello":
        if (seq < this.position) this.#report("the room has forgotten something", event);
        [this.#hello, this.#lastLive] = [seq, seq];
        return;
      case "resumed":
        this.#isGapOpen = false;
        if (seq !== this.#lastLive) this.#report(`position ${this.#lastLive} is not the end`, event);
        this.position = Math.max(this.position, seq);
        return;
      case "resync":
        [this.#isStale, this.#isGapOpen] = [true, false];
        return;
      case "user_typing":
      case "message_read":
        if (seq !== this.#lastLive) this.#report("a position that was not told", event);
        if (seq > this.deafFrom) this.#report("heard after the removal", event);
        if (this.#isAcross(event.user.id, seq)) this.#report("a person across a block", event);
        return;
      case "error":
        this.#applyError(event);
        return;
      default:
        this.#applyChange(event);
    }
  }

  /** A send that is throttled is sent again; another one is refused for good. */
  #applyError({ client_id, wait_seconds }: ChatEvent): void {
    if (client_id !== undefined && wait_seconds === undefined) this.pending.delete(client_id);
  }

  #applyChange(event: ChatEvent): void {
    const seq = event.seq ?? 0;
    const isAnswer = event.client_id !== undefined;
    const isRepeated =
      isAnswer && (event.type === "message_deleted" || seq <= this.#hello || this.#applied.has(seq));
    if (!isRepeated) this.#check(event, seq);
    if (seq > this.deafFrom) this.#report("heard after the removal", event);
    const isKnown = !isRepeated && seq <= this.position;
    if (!isRepeated && (!this.#isGapOpen || this.#way !== "resume"))
      this.position = Math.max(this.position, seq);
    if (!isKnown) this.#change(event, seq, isRepeated);
    if (isAnswer) this.#answer(event);
  }

  /** Order, and nothing twice: what is live comes without a hole. */
  #check(event: ChatEvent, seq: number): void {
    const isMissed = seq <= this.#hello;
    if (!this.#ledger.note(event)) this.#report("others were told something else", event);
    if (this.#applied.has(seq)) this.#report("twice", event);
    this.#applied.add(seq);
    if (isMissed) {
      if (!this.#isGapOpen) this.#report("missed, but after the end of what was missed", event);
      if (seq <= this.#since) this.#report(`not after ${this.#since}`, event);
      if (seq <= this.#lastMissed) this.#report(`out of order, after ${this.#lastMissed}`, event);
      this.#lastMissed = seq;
    } else {
      if (seq !== this.#lastLive + 1) this.#report(`not next after ${this.#lastLive}`, event);
      this.#lastLive = seq;
    }
  }

  #change(event: ChatEvent, seq: number, isRepeated: boolean): void {
    const { id, type } = event;
    if (type === "messages_cleared") {
      for (const each of this.view.keys()) if (placeOf(each)!.seq < seq) this.view.delete(each);
      return;
    }
    const isKnown = this.view.has(id);
    if (!isKnown && type !== "chat_message" && !this.#isGapOpen && !isRepeated)
      this.#report("of a message that never came", event);
    if (type === "message_deleted") return void this.view.delete(id);
    if (!isKnown && type === "message_edited") return; // it comes among what was missed
    const message = keep(event);
    this.#checkBlock(message, event, seq);
    this.view.set(id, message);
    if (message.sender === this.person.id) this.#noteRead(placeOf(id)!.seq);
  }

  #checkBlock(message: Kept, event: ChatEvent, seq: number): void {
    const isHidden = message.is_hidden && message.text === "" && message.files.length === 0;
    if (!isHidden && this.#isAcross(message.sender, seq)) this.#report("content across a block", event);
    if (message.is_hidden && !this.apart.has(message.sender)) this.#report("withheld without a block", event);
  }

  /** Whether a block that was made before this event keeps them apart. */
  #isAcross(other: number, seq: number): boolean {
    const block = this.apart.get(other);
    return block !== undefined && (this.openings > block.openings || seq > block.seq);
  }

  #noteRead(seq: number): void {
    this.read.surely = Math.max(this.read.surely, seq);
    this.read.perhaps = Math.max(this.read.perhaps, seq);
  }

  #answer({ client_id, type, id }: ChatEvent): void {
    const frame = this.pending.get(client_id) ?? this.answered.get(client_id);
    this.pending.delete(client_id);
    if (frame) this.answered.set(client_id, { ...frame, id, type });
  }

  #report(what: string, event: ChatEvent): void {
    this.problems.push(`user ${this.person.id}, opening ${this.openings}: ${what}: ${JSON.stringify(event)}`);
  }
}
