import { RoomClient } from "./client.js";

// Two people in one page. Who they are comes in the part of the URL after #, which is sent to no server.

const MAX_FRAMES = 50;
const MAX_FRAME_LENGTH = 300;

const HINT = "Open this page by the link that `npm run dev` prints.";

const STATES = {
  connecting: "connecting …",
  live: "connected",
  cut: "cut off",
  waiting: "reconnecting …",
  refused: "refused",
};

const TICKS = {
  waiting: ["◷", "Waits for the connection"],
  sent: ["✓", "Sent"],
  read: ["✓✓", "Read"],
};

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

const eventsOf = ({ events }) => ["nothing", "1 missed event"][events] ?? `${events} missed events`;

const instance = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

async function ask({ server, token }, path, body) {
  const response = await fetch(server + path, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (response.status === 401) throw new Error(`This link is too old. ${HINT}`);
  if (!response.ok) throw new Error(`${path} is answered ${response.status}`);
  return response.json();
}

/** Shows one person's end of the room. */
class Pane {
  element = instance("pane");
  #rows = new Map();
  #draft = "";
  /** The id of the message that is being edited. */
  #editing = null;
  #isAtEnd = true;

  constructor(at, { room, me, other }) {
    this.me = me;
    this.other = other;
    this.unreadAtStart = room.unread_count;
    const [onChange, onFrame] = [() => this.show(), (way, frame) => this.#note(way, frame)];
    this.client = new RoomClient({ ...at, room: room.id, me: me.id, onChange, onFrame });
    this.#find(".name").textContent = me.full_name;
    this.#find(".avatar").src = me.profile_picture ?? "data:,";
    this.#find(".messages").ariaLabel = `Messages as ${me.full_name} sees them`;
    this.#find("textarea").ariaLabel = `Message of ${me.full_name}`;
    this.#find(".frames ol").ariaLabel = `Frames of ${me.full_name}`;
    // Keys scroll them.
    for (const list of this.element.querySelectorAll("ol")) list.tabIndex = 0;
    this.element.ariaLabel = me.full_name;
    this.#listen();
  }

  #find = (selector) => this.element.querySelector(selector);

  #listen() {
    const { client } = this;
    const text = this.#find("textarea");
    this.#find(".cut").onclick = () => (client.state === "cut" ? client.connect() : client.cut());
    this.#find(".cancel").onclick = () => this.#edit(null);
    this.#find("form").onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    text.oninput = () => this.#editing ?? client.type();
    text.onkeydown = (event) => {
      if (event.key === "Escape") this.#edit(null);
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    };
    // A list that shows its end keeps it in sight when its height changes.
    const list = this.#find(".messages");
    new ResizeObserver(() => this.#isAtEnd && this.#scroll()).observe(list);
    list.onscroll = () => {
      this.#isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    };
    this.#find("details").ontoggle = () => this.#scroll(".frames ol");
    for (const name of ["pointermove", "pointerdown", "focusin"])
      this.element.addEventListener(name, () => activate(this));
  }

  #submit() {
    const text = this.#find("textarea");
    const written = text.value.trim();
    if (!written || this.#find(".send").disabled) return;
    if (this.#editing) {
      this.client.edit(this.#editing, written);
      return this.#edit(null);
    }
    text.value = "";
    this.client.write(written);
    this.#scroll();
  }

  /** Begins to edit a message, or ends it. */
  #edit(message) {
    const text = this.#find("textarea");
    if (this.#editing === null) this.#draft = text.value;
    if (this.#editing === null && message === null) return;
    this.#editing = message?.id ?? null;
    text.value = message?.text ?? this.#draft;
    text.focus();
    this.show();
  }

  show() {
    const { client, other } = this;
    this.element.dataset.state = client.state;
    this.#find(".state-text").textContent = STATES[client.state];
    const cut = this.#find(".cut");
    cut.textContent = client.state === "cut" ? "Reconnect" : "Cut connection";
    cut.hidden = client.state === "refused";
    const unread = this.#find(".unread");
    unread.hidden = client.unread === 0;
    unread.textContent = `${client.unread} new`;
    this.#find(".seq").textContent = client.seq;
    this.#find(".typing").textContent = client.isOtherTyping ? `${other.first_name} is typing …` : "";
    this.#find(".editing").hidden = this.#editing === null;
    const send = this.#find(".send");
    send.textContent = this.#editing === null ? "Send" : "Save";
    // A message waits for the connection, an edit does not.
    send.disabled = client.state === "refused" || (this.#editing !== null && client.state !== "live");
    this.#showNote();
    this.#showMessages();
    if (this === active) client.read();
  }

  #showNote() {
    const { state, problem, comeback, seq, outbox } = this.client;
    const note = this.#find(".note");
    const told = {
      cut: `Cut off at position ${seq}.${outbox.length ? ` ${outbox.length} to send.` : ""}`,
      live:
        comeback &&
        `Back since position ${comeback.since}: ${eventsOf(comeback)} came now, and nothing is lost.`,
    }[state];
    note.textContent = problem || told || "";
    note.hidden = note.textContent === "";
    note.classList.toggle("is-problem", problem !== "");
  }

  #showMessages() {
    const { messages, outbox, me } = this.client;
    const list = this.#find(".messages");
    const waiting = outbox.map(({ client_id, message, at }) => ({
      ...{ id: client_id, sender: { id: me }, text: message, created_at: at, isWaiting: true },
    }));
    const items = [...messages, ...waiting];
    const rows = items.map((item, at) => this.#row(item, items[at - 1]));
    const ids = new Set(items.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    // What is there already stays where it is, and so does the focus in it.
    for (const row of [...list.children]) if (!rows.includes(row)) row.remove();
    for (const [at, row] of rows.entries())
      if (list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
    if (this.#isAtEnd) this.#scroll();
  }

  #row(item, before) {
    const row = this.#rows.get(item.id) ?? this.#newRow(item.id);
    const isOwn = this.client.isOwn(item);
    const find = (selector) => row.querySelector(selector);
    row.classList.toggle("is-own", isOwn);
    row.classList.toggle("is-unread", !isOwn && !item.isRead);
    row.classList.toggle("is-next", before?.sender.id === item.sender.id);
    row.classList.toggle("is-editing", item.id === this.#editing);
    find(".sender").textContent = isOwn ? "You" : this.other.full_name;
    find(".text").textContent = item.text;
    find(".edited").hidden = !item.is_edited;
    const time = find("time");
    time.dateTime = item.created_at;
    time.textContent = clock.format(new Date(item.created_at));
    time.title = new Date(item.created_at).toLocaleString();
    const tick = find(".tick");
    tick.hidden = !isOwn;
    const state = item.isWaiting ? "waiting" : item.isRead ? "read" : "sent";
    [tick.textContent, tick.title] = TICKS[state];
    tick.className = `tick is-${state}`;
    tick.role = "img";
    tick.ariaLabel = TICKS[state][1];
    find(".actions").hidden = !isOwn || item.isWaiting || this.client.state !== "live";
    return row;
  }

  #newRow(id) {
    const row = instance("message");
    // Without a pointer that hovers, a tap shows what can be done with a message.
    row.onclick = () => row.classList.toggle("is-open");
    const messageOf = () => this.client.messages.find((message) => message.id === id);
    row.querySelector(".edit").onclick = () => this.#edit(messageOf() ?? null);
    row.querySelector(".delete").onclick = () => {
      if (this.#editing === id) this.#edit(null);
      this.client.remove(id);
    };
    this.#rows.set(id, row);
    return row;
  }

  #scroll(selector = ".messages") {
    const list = this.#find(selector);
    list.scrollTop = list.scrollHeight;
  }

  #note(way, frame) {
    const list = this.element.querySelector(".frames ol");
    const line = document.createElement("li");
    line.className = way;
    // Short, and without what opens an account.
    const shorten = (name, value) => (name === "token" || (name && value?.id) ? "…" : value);
    const shown = JSON.stringify(frame, shorten);
    line.textContent = shown.length > MAX_FRAME_LENGTH ? `${shown.slice(0, MAX_FRAME_LENGTH)} …` : shown;
    list.append(line);
    if (list.children.length > MAX_FRAMES) list.firstElementChild.remove();
    this.#scroll(".frames ol");
  }
}

/** The pane that somebody points at or writes in: there, what comes is read. */
let active = null;

function activate(pane) {
  if (active === pane) return;
  active?.element.classList.remove("is-active");
  active = pane;
  pane.element.classList.add("is-active");
  pane.client.read();
}

async function main() {
  const given = new URLSearchParams(location.hash.slice(1));
  const [server, ...tokens] = [given.get("server"), given.get("one"), given.get("two")];
  if (!server || tokens.includes(null)) throw new Error(HINT);
  const ends = tokens.map((token) => ({ server, token }));
  const people = await Promise.all(ends.map((end) => ask(end, "/api/accounts/account/profile/")));
  for (const person of people)
    person.full_name = `${person.first_name} ${person.last_name}`.trim() || person.username;
  const panes = [];
  for (const [at, end] of ends.entries()) {
    const [me, other] = [people[at], people[1 - at]];
    // The same two people always get the same room.
    const room = await ask(end, "/api/chat/rooms/", { room_type: "private", members: [other.id] });
    panes.push(new Pane(end, { room, me, other }));
  }
  document.getElementById("panes").replaceChildren(...panes.map(({ element }) => element));
  await Promise.all(panes.map((pane) => pane.client.start(pane.unreadAtStart)));
}

try {
  await main();
} catch (error) {
  const intro = document.getElementById("intro");
  intro.textContent = error instanceof Error ? error.message : String(error);
  intro.className = "is-problem";
}
