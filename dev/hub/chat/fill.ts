import { once } from "node:events";

/** Somebody of the demo, signed in. */
export interface Member {
  id: number;
  token: string;
}

/** A message of the demo: who writes it, by their place among the members, and what. */
type Line = [who: number, text: string];

const PRIVATE: Line[] = [
  [0, "Assalomu alaykum, Gulnora opa! Kitob bayrami qanday oʻtdi?"],
  [1, "Vaalaykum assalom! Juda yaxshi, bolalar rosa xursand boʻlishdi."],
  [1, "Siz ham kelsangiz boʻlardi :)"],
  [0, "Ishdan chiqolmadim-da. Yangi loyihani endi ishga tushirdik."],
  [1, "Tabriklayman! Ertaga choyxonada nishonlaymizmi?"],
  [0, "Albatta. Soat yettida, Chorsuda."],
];

const GROUP: Line[] = [
  [4, "Yakshanba kuni futbolga kim keladi?"],
  [0, "Men bor."],
  [2, "Shahrisabzdan qaytsam, kelaman."],
  [3, "Men rasmga olaman!"],
];

async function ask<T>(url: string, token: string, path: string, body?: object): Promise<T> {
  const response = await fetch(url + path, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${path} is answered ${response.status}: ${await response.text()}`);
  return response.json() as Promise<T>;
}

/** Gives the people of the demo a private room and a group with messages, unless they have rooms. */
export async function fillChat(url: string, people: Member[]): Promise<void> {
  const [first, second] = people;
  if (!first || !second) throw new Error("A chat needs two people");
  const path = "/api/chat/rooms/";
  if ((await ask<unknown[]>(url, first.token, path)).length > 0) return;
  const members = people.map(({ id }) => id);
  const group = { room_type: "group", name: "Yakshanba futboli", username: "yakshanba_futboli", members };
  const two = { room_type: "private", members: [second.id] };
  for (const [room, lines] of [
    [group, GROUP],
    [two, PRIVATE],
  ] as const) {
    const { id } = await ask<{ id: string }>(url, first.token, path, room);
    await talk(url, id, people, lines);
  }
}

/** Sends the messages of a room one after the other, each by a socket of its sender. */
async function talk(url: string, room: string, people: Member[], lines: Line[]): Promise<void> {
  const sockets = new Map<number, WebSocket>();
  try {
    for (const [who, message] of lines) {
      const socket = sockets.get(who) ?? (await open(url, room, people[who]!.token));
      sockets.set(who, socket);
      const client_id = crypto.randomUUID();
      const sent = heard(socket, (event) => event.client_id === client_id);
      socket.send(JSON.stringify({ type: "chat_message", message, reply_to: null, files: [], client_id }));
      await sent;
    }
  } finally {
    for (const socket of sockets.values()) socket.close();
  }
}

async function open(url: string, room: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws/chat/${room}/`);
  const ready = heard(socket, ({ type }) => type === "hello");
  await Promise.race([once(socket, "open"), ready]);
  socket.send(JSON.stringify({ type: "auth", token }));
  await ready;
  return socket;
}

/** Waits for an event. @throws Error when the room refuses, or closes */
const heard = (
  socket: WebSocket,
  fits: (event: { type: string; client_id?: string; detail?: string }) => boolean,
): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => {
      const event = JSON.parse(String(data));
      if (event.type === "error") reject(new Error(`A room refuses: ${event.detail}`));
      else if (fits(event)) resolve();
    });
    socket.addEventListener("close", ({ code, reason }) =>
      reject(new Error(`A room closes: ${code} ${reason}`)),
    );
    socket.addEventListener("error", () => reject(new Error("A room is not reached")));
  });
