import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { queries } from "../../../web/src/cache.ts";
import { type Conversation, PAGE_SIZE, Pages, type ReadPage } from "../../../web/src/conversations/pages.ts";
import { waitFor } from "../../support/wait.ts";

afterEach(() => queries.clear());

/** A list as the API has it: conversations in order, by cursor. */
class Server {
  #conversations: Conversation[] = [];
  #clock = 1_000_000;

  get list(): Conversation[] {
    return this.#conversations.toSorted((a, b) =>
      a.last_message_at === b.last_message_at
        ? b.message.id.localeCompare(a.message.id)
        : b.last_message_at.localeCompare(a.last_message_at),
    );
  }

  /** A message in a conversation, which moves to the top. */
  receive(thread_id: string): void {
    const at = new Date(++this.#clock * 1000).toISOString().replace(".000", "");
    this.remove(thread_id);
    const message = { id: `m${this.#clock}` };
    const conversation = { thread_id, last_message_at: at, message, unread_count: 1 };
    this.#conversations.push(conversation as unknown as Conversation);
  }

  read(thread_id: string): void {
    this.#conversations = this.#conversations.map((each) =>
      each.thread_id === thread_id ? { ...each, unread_count: 0 } : each,
    );
  }

  remove(thread_id: string): void {
    this.#conversations = this.#conversations.filter((each) => each.thread_id !== thread_id);
  }

  readonly readPage: ReadPage = async (_query, { cursor, size = PAGE_SIZE, thread_id }) => {
    const all = this.list;
    if (thread_id) return { items: all.filter((each) => each.thread_id === thread_id), next_cursor: null };
    const after = cursor === undefined ? all : all.filter((each) => keyOf(each) < cursor);
    const items = after.slice(0, size);
    const last = items.at(-1);
    return { items, next_cursor: after.length > size && last ? keyOf(last) : null };
  };
}

const keyOf = ({ last_message_at, message }: Conversation): string => `${last_message_at}/${message.id}`;

const load = (list: Pages, page: number): Promise<unknown> => queries.fetchQuery(list.pageQuery(page));

const rowsOf = (list: Pages): (string | undefined)[] =>
  Array.from({ length: list.length }, (_, row) => list.at(row)?.thread_id);

async function open(server: Server, pages = 1): Promise<Pages> {
  const list = new Pages({ view: "inbox" }, server.readPage);
  for (let page = 0; page < pages && page < list.pageCount; page++) await load(list, page);
  return list;
}

/** A list whose answers are those of the moment of the question, and come when they are called for. */
function openLater(server: Server): { list: Pages; answers: (() => void)[] } {
  const answers: (() => void)[] = [];
  const readPage: ReadPage = async (...question) => {
    const answer = await server.readPage(...question);
    await new Promise<void>((resolve) => answers.push(resolve));
    return answer;
  };
  return { list: new Pages({ view: "inbox" }, readPage), answers };
}

/** The same, with its first page. */
async function openSlow(server: Server): Promise<ReturnType<typeof openLater>> {
  const { list, answers } = openLater(server);
  const page = load(list, 0);
  await waitFor(() => expect(answers).toHaveLength(1));
  answers.pop()!();
  await page;
  return { list, answers };
}

function filled(count: number): Server {
  const server = new Server();
  for (let index = 0; index < count; index++) server.receive(`t${index}`);
  return server;
}

describe("a list of conversations", () => {
  it("knows its length when its last page is read", async () => {
    const server = filled(PAGE_SIZE + 3);
    const list = await open(server);
    expect([list.length, list.isComplete]).toEqual([PAGE_SIZE, false]);
    await load(list, 1);
    expect([list.length, list.isComplete]).toEqual([PAGE_SIZE + 3, true]);
  });

  it("does not move while it is held, and says how many conversations wait", async () => {
    const server = filled(10);
    const list = await open(server);
    const before = rowsOf(list);
    list.hold(true);
    server.receive("new");
    server.receive("t3");
    await list.refresh(["new", "t3"]);
    expect(rowsOf(list)).toEqual(before);
    expect(list.heldCount).toBe(2);
    list.hold(false);
    expect(rowsOf(list).slice(0, 2)).toEqual(["t3", "new"]);
  });

  it("changes a conversation that stays where it is, also while it is held", async () => {
    const server = filled(10);
    const list = await open(server);
    list.hold(true);
    server.read("t3");
    await list.refresh(["t3"]);
    expect(list.at(list.rowOf("t3"))?.unread_count).toBe(0);
  });

  it("keeps the open conversation in a list of unread ones until it is closed", async () => {
    const server = filled(10);
    const list = new Pages({ view: "inbox", unread: true }, server.readPage);
    await load(list, 0);
    list.setOpen("t3");
    server.remove("t3");
    await list.refresh(["t3"]);
    expect(list.at(list.rowOf("t3"))?.unread_count).toBe(0);
    list.setOpen(undefined);
    await expect.poll(() => list.rowOf("t3")).toBe(-1);
  });

  it("puts a removed conversation back where it was", async () => {
    const server = filled(10);
    const list = await open(server);
    const before = rowsOf(list);
    const removed = list.change(["t4", "t5", "t9"], () => null);
    expect(list.length).toBe(7);
    list.restore(removed);
    expect(rowsOf(list)).toEqual(before);
  });

  it("reads a page again that is no longer kept, and forgets what is no longer true of the pages after it", async () => {
    const server = filled(3 * PAGE_SIZE);
    const list = await open(server, 3);
    for (const id of ["t5", "t70", "t71"]) server.remove(id);
    queries.removeQueries({ queryKey: list.pageQuery(1).queryKey });
    await load(list, 1);
    await load(list, 2);
    expect(rowsOf(list).slice(PAGE_SIZE)).toEqual(server.list.slice(PAGE_SIZE).map((each) => each.thread_id));
  });

  it("takes what was asked for last, in whichever order the answers come", async () => {
    const server = filled(3);
    const { list, answers } = await openSlow(server);
    const first = list.refresh(["t1"]);
    await waitFor(() => expect(answers).toHaveLength(1));
    server.remove("t1");
    const second = list.refresh(["t1"]);
    await waitFor(() => expect(answers).toHaveLength(2));
    answers[1]!();
    await second;
    answers[0]!();
    await first;
    expect(rowsOf(list)).toEqual(["t2", "t0"]);
  });

  it("does not go back to a page that is older than a change", async () => {
    const server = filled(3);
    const { list, answers } = await openSlow(server);
    const page = list.reset();
    await waitFor(() => expect(answers).toHaveLength(1));
    server.remove("t1");
    const change = list.refresh(["t1"]);
    await waitFor(() => expect(answers).toHaveLength(2));
    answers[1]!();
    await change;
    answers[0]!();
    await page;
    await waitFor(() => expect(answers).toHaveLength(3));
    answers[2]!();
    await waitFor(() => expect(rowsOf(list)).toEqual(["t2", "t0"]));
  });

  it("takes a change that comes before its first page", async () => {
    const server = filled(3);
    const { list, answers } = openLater(server);
    const page = load(list, 0);
    await waitFor(() => expect(answers).toHaveLength(1));
    server.remove("t1");
    await list.refresh(["t1"]);
    answers[0]!();
    await page;
    await waitFor(() => expect(answers).toHaveLength(2));
    answers[1]!();
    await waitFor(() => expect(rowsOf(list)).toEqual(["t2", "t0"]));
  });

  it("ends as the API has it, whatever happens in whatever order", async () => {
    const thread = fc.integer({ min: 0, max: 130 }).map((index) => `t${index}`);
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom("receive", "read", "remove"), thread }),
      fc.record({ kind: fc.constant("hold"), on: fc.boolean() }),
      fc.record({ kind: fc.constant("load"), page: fc.nat(2) }),
      fc.record({ kind: fc.constant("forget"), page: fc.integer({ min: 1, max: 2 }) }),
      fc.record({ kind: fc.constant("events") }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        queries.clear();
        const server = filled(120);
        const list = await open(server, 3);
        let unseen = new Set<string>();
        const tell = async () => {
          const ids = [...unseen];
          unseen = new Set();
          await list.refresh(ids);
        };
        for (const each of steps) {
          if (each.kind === "hold") list.hold((each as { on: boolean }).on);
          else if (each.kind === "events") await tell();
          else if ("page" in each && each.page < list.pageCount) {
            if (each.kind === "load") await load(list, each.page);
            // Only pages out of sight are forgotten; the first stays in this test.
            else if (each.page > 0) queries.removeQueries({ queryKey: list.pageQuery(each.page).queryKey });
          } else if ("thread" in each) {
            server[each.kind as "receive"](each.thread);
            unseen.add(each.thread);
          }
        }
        await tell();
        list.hold(false);
        for (let page = 0; page < list.pageCount; page++) await load(list, page);
        expect(rowsOf(list)).toEqual(server.list.map(({ thread_id }) => thread_id));
      }),
      { numRuns: 300 },
    );
  });
});
