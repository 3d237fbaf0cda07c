/** Closed with one of these, a room does not take the same token again. */
const FINAL = [4401, 4403, 4404];
/** Typing is told at most this often, in milliseconds. */
const TYPING_MS = 3_000;
/** How long somebody is shown as typing, in milliseconds. */
const TYPED_MS = 5_000;
const MAX_BACKOFF_MS = 10_000;

/**
 * One person's end of a room, by the public API alone: `npm run dev` serves it to a page, and docs/chat.md explains it. It
 * keeps the messages, comes back after a cut by the last `seq`, and sends again what was not acknowledged.
 */
export class RoomClient {
  /** `connecting`, `live`, `cut` by `cut()`, `waiting` for the next try, or `refused`. */
  state = "cut";
  /** The oldest first. `isRead`: by the other person if it is one's own, else by this one. */
  messages = [];
  /** Written, and not acknowledged yet. */
  outbox = [];
  /** The position of the last message or change that was heard. */
  seq = 0;
  isOtherTyping = false;
  /** A sentence: why a frame was refused, or the socket closed. */
  problem = "";
  /** What the last return has brought: from which position, and how many messages and changes; null before one. */
  comeback = null;

  #socket;
  #hasBeenLive = false;
  #tries = 0;
  #timer;
  #typedAt = 0;
  /** The message up to which was told that everything is read. */
  #toldRead = "";
  #typingTimer;

  /**
   * @param options.server the base URL of the API
   * @param options.room the room's id
   * @param options.me the id of the token's user
   * @param options.onChange called after each change
   * @param options.onFrame told each frame: "sent" or "heard", and its value
   */
  constructor({ server, token, room, me, onChange, onFrame }) {
    Object.assign(this, { server, token, room, me, onChange, onFrame });
  }

  /** How many messages of the other person are not read yet. */
  get unread() {
    return this.messages.filter((message) => !this.isOwn(message) && !message.isRead).length;
  }

  isOwn({ sender }) {
    return sender.id === this.me;
  }

  /** Reads the history, then listens from its position: nothing falls in between. @param unread how many are not read */
  async start(unread) {
    this.#set({ state: "connecting" });
    try {
      const response = await fetch(`${this.server}/api/chat/message/${this.room}/list_by_room/?limit=100`, {
        headers: { authorization: `Bearer ${this.token}` },
      });
      if (!response.ok) throw new Error(`The history is answered ${response.status}`);
      const { results } = await response.json();
      if (this.state === "cut") return;
      this.messages = results.reverse();
      this.seq = Number(response.headers.get("x-chat-seq"));
    } catch (error) {
      return this.#retry(String(error), () => this.start(unread));
    }
    const answered = this.messages.findLastIndex((message) => !this.isOwn(message));
    for (const [at, message] of this.messages.entries())
      message.isRead = this.isOwn(message) ? at < answered : at < this.messages.length - unread;
    this.connect();
  }

  /** Opens a socket that first hears what was missed. */
  connect() {
    clearTimeout(this.#timer);
    const since = this.seq;
    const socket = new WebSocket(`${this.server.replace(/^http/, "ws")}/ws/chat/${this.room}/`);
    this.#socket = socket;
    this.#toldRead = "";
    this.#set({ state: "connecting", comeback: this.#hasBeenLive ? { since, events: 0 } : null });
    const guarded = (act) => (event) => socket === this.#socket && act(event);
    socket.onopen = guarded(() => this.#send({ type: "auth", token: this.token, since }));
    socket.onmessage = guarded(({ data }) => this.#hear(JSON.parse(data)));
    socket.onclose = guarded(({ code, reason }) => {
      if (FINAL.includes(code)) return this.#set({ state: "refused", problem: `${reason} (${code})` });
      this.#retry(reason && `${reason} (${code})`, () => this.connect());
    });
  }

  /** Breaks the connection: nothing is heard or sent until `connect`. */
  cut() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#set({ state: "cut", isOtherTyping: false });
  }

  /** Sends a message, now or once there is a connection. */
  write(text) {
    const entry = { client_id: crypto.randomUUID(), message: text, at: new Date().toISOString() };
    this.outbox.push(entry);
    this.#markRead((message) => !this.isOwn(message));
    this.#typedAt = 0;
    if (this.state === "live") this.#post(entry);
    this.onChange();
  }

  edit(id, message) {
    this.#send({ type: "message_edited", id, message });
  }

  remove(id) {
    this.#send({ type: "message_deleted", id });
  }

  /** Tells that everything is read. */
  read() {
    const last = this.messages.findLast((message) => !this.isOwn(message));
    // Once also without something new: the count of unread messages may be 10 seconds old.
    if (!last || last.id === this.#toldRead || this.state !== "live") return;
    this.#toldRead = last.id;
    this.#markRead((message) => !this.isOwn(message));
    this.#send({ type: "message_read", id: last.id });
    this.onChange();
  }

  /** Tells that one is typing. */
  type() {
    if (this.state !== "live" || Date.now() - this.#typedAt < TYPING_MS) return;
    this.#typedAt = Date.now();
    this.#send({ type: "user_typing" });
  }

  #hear(event) {
    this.onFrame("heard", event);
    const isLogged = ["chat_message", "message_edited", "message_deleted", "messages_cleared"].includes(
      event.type,
    );
    if (isLogged) {
      this.seq = Math.max(this.seq, event.seq);
      if (this.comeback && this.state !== "live") this.comeback.events++;
    }
    switch (event.type) {
      case "chat_message":
        this.#add(event);
        break;
      case "message_edited":
        for (const message of this.messages)
          if (message.id === event.id) Object.assign(message, itemOf(event));
        break;
      case "message_deleted":
        this.messages = this.messages.filter(({ id }) => id !== event.id);
        this.#acknowledge(event);
        break;
      case "messages_cleared":
        this.messages = [];
        break;
      case "message_read":
        this.#noteRead(event);
        break;
      case "user_typing":
        if (event.user.id !== this.me) this.#showTyping(true);
        break;
      case "resumed":
        this.seq = Math.max(this.seq, event.seq);
        this.#tries = 0;
        this.#hasBeenLive = true;
        this.#set({ state: "live", problem: "" });
        // A message whose acknowledgement was lost is sent again: its `client_id` makes it the same one.
        for (const entry of this.outbox) this.#post(entry);
        break;
      case "resync":
        this.cut();
        return this.start(0);
      case "error":
        this.#refused(event);
        break;
    }
    this.onChange();
  }

  #add(event) {
    const item = itemOf(event);
    const known = this.messages.find(({ id }) => id === event.id);
    if (known) Object.assign(known, item);
    else this.messages.push({ ...item, isRead: false });
    if (!this.isOwn(item)) {
      // Who answers has read what was before.
      this.#markRead((message) => this.isOwn(message));
      this.#showTyping(false);
    }
    this.#acknowledge(event);
  }

  #acknowledge({ client_id }) {
    const waiting = this.outbox.length;
    this.outbox = this.outbox.filter((entry) => entry.client_id !== client_id);
    if (this.outbox.length < waiting) this.problem = "";
  }

  #noteRead({ user, id }) {
    const upTo = this.messages.findIndex((message) => message.id === id);
    const isMine = user.id === this.me; // in another window
    this.#markRead((message, at) => at <= upTo && this.isOwn(message) !== isMine);
  }

  #markRead(fits) {
    for (const [at, message] of this.messages.entries()) if (fits(message, at)) message.isRead = true;
  }

  #showTyping(isTyping) {
    clearTimeout(this.#typingTimer);
    this.isOtherTyping = isTyping;
    if (isTyping) this.#typingTimer = setTimeout(() => this.#set({ isOtherTyping: false }), TYPED_MS);
  }

  #refused({ detail, wait_seconds, client_id }) {
    const entry = this.outbox.find((each) => each.client_id === client_id);
    if (entry && wait_seconds)
      setTimeout(() => this.outbox.includes(entry) && this.#post(entry), wait_seconds * 1000);
    else this.#acknowledge({ client_id });
    this.problem = detail;
  }

  #post({ client_id, message }) {
    this.#send({ type: "chat_message", message, reply_to: null, files: [], client_id });
  }

  #send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify(frame));
    this.onFrame("sent", frame);
  }

  #retry(problem, act) {
    this.#socket = undefined;
    this.#set({ state: "waiting", problem, isOtherTyping: false });
    const most = Math.min(MAX_BACKOFF_MS, 500 * 2 ** this.#tries++);
    // At random, so that not all clients of a server that was restarted come at once.
    this.#timer = setTimeout(act, most * (0.5 + Math.random() / 2));
  }

  #set(changes) {
    Object.assign(this, changes);
    this.onChange();
  }
}

const itemOf = ({ id, sender, text, reply_to, attachments, is_edited, created_at, update_at }) => ({
  ...{ id, sender, text, reply_to, attachments, is_edited, created_at, update_at },
});
