import { describe, expect, it } from "vitest";
import { readPush } from "../../src/ems/provider/nylas/push.ts";

const RECEIVED_AT = 1_790_000_000;
const TOLD_AT = RECEIVED_AT - 60;

const push = (type: string, object: object | null = {}, data: object = {}) =>
  readPush({ id: "n1", type, time: TOLD_AT, data: { ...data, object } }, RECEIVED_AT);

const changeOf = (...told: Parameters<typeof push>) => push(...told).change;

const MAIL = { id: "m1", from: [{ email: "a@out.example" }], date: 1_789_999_000, body: "<p>Hi</p>" };

describe("a push of Nylas", () => {
  it("has its id, type, grant and time, with the grant's id in any place", () => {
    const facts = { id: "n1", type: "message.deleted", grant_id: "g1", occurred_at: TOLD_AT };
    expect(push("message.deleted", { id: "m1", grant_id: "g1" })).toMatchObject(facts);
    expect(push("message.deleted", { id: "m1" }, { grant_id: "g1" })).toMatchObject(facts);
    expect(push("message.deleted", { id: "m1" }).grant_id).toBeNull();
  });

  it("without a time has the time of receipt", () => {
    const { occurred_at, observed_at } = readPush({ id: "n", type: "grant.created", data: {} }, RECEIVED_AT);
    expect([occurred_at, observed_at]).toEqual([null, RECEIVED_AT * 1000]);
  });

  it("has an order within its second: creation, update, deletion", () => {
    const times = ["created", "updated.truncated", "deleted"].map(
      (action) => push(`message.${action}`, MAIL).observed_at - TOLD_AT * 1000,
    );
    expect(times).toEqual([0, 1, 2]);
  });

  it.each([null, {}, { id: "", type: "x", data: {} }, { id: "n", type: "x" }, "text"])(
    "cannot be %j",
    (body) => {
      expect(() => readPush(body, RECEIVED_AT)).toThrow();
    },
  );
});

describe("its change", () => {
  it("is a message, whole or in part", () => {
    const whole = { kind: "message", isPartial: false, isPresentable: true, isHistory: false };
    const attachments = [{ id: "f1", filename: "a.pdf" }];
    const told = { ...MAIL, attachments };
    expect(changeOf("message.created", told)).toMatchObject({ ...whole, message: { body: "<p>Hi</p>" } });
    expect(changeOf("message.updated.transformed", told)).toMatchObject(whole);
    const cleaned = changeOf("message.created.cleaned", told);
    expect(cleaned).toMatchObject({ isPartial: true, message: { id: "m1", attachments: [{ id: "f1" }] } });
    expect(cleaned).not.toHaveProperty("message.body");
    const truncated = changeOf("message.created.cleaned.truncated", told);
    expect(truncated).not.toHaveProperty("message.body");
    expect(truncated).not.toHaveProperty("message.attachments");
  });

  it("is presentable with a malformed field, but not with an absent one", () => {
    expect(changeOf("message.created", { ...MAIL, date: "soon" })).toMatchObject({ isPresentable: true });
    expect(changeOf("message.created", { ...MAIL, date: null })).toMatchObject({ isPresentable: false });
  });

  it("is unreadable when the message has no id", () => {
    for (const type of ["message.created", "message.deleted"]) {
      expect(changeOf(type, { subject: "x" })).toMatchObject({
        kind: "unreadable",
        error: expect.objectContaining({ issues: expect.anything() }),
      });
    }
  });

  it.each([
    ["message.send_success", { id: "m1" }, {}, { state: "sent", providerIds: ["m1"], detail: null }],
    ["message.send_failed", { id: "m1" }, { reason: "no" }, { state: "failed", detail: "no" }],
    ["message.send_failed", null, { error: { message: "no" } }, { providerIds: [], detail: "no" }],
    [
      "message.bounce_detected",
      {
        bounced_addresses: "x@y.z",
        code: 550,
        bounce_reason: "full",
        origin: { id: "m1", mime_id: "a@B.c" },
      },
      {},
      { state: "bounced", providerIds: ["m1"], messageIds: ["<a@b.c>"], detail: "x@y.z: 550: full" },
    ],
  ])("of %s %j is the outcome of a mail", (type, object, data, expected) => {
    expect(changeOf(type, object, data)).toMatchObject({ kind: "delivery", ...expected });
  });

  it("counts opens and clicks", () => {
    const opened = changeOf("message.opened", { message_id: "m1", message_data: { count: 3 } });
    expect(opened).toEqual({ kind: "opened", messageId: "m1", count: 3 });
    const clicked = changeOf("message.link_clicked", { link_data: [{ count: 2 }, { count: 1 }] });
    expect(clicked).toEqual({ kind: "clicked", messageId: null, count: 3 });
  });

  it.each([
    ["grant.expired", {}, "grant_expired"],
    ["grant.deleted", {}, "grant_deleted"],
    ["grant.created", {}, "grant_changed"],
    ["grant.updated", { code: 25027 }, "grant_renewed"],
    ["grant.updated", { code: 25014, reauthentication_flag: true }, "grant_renewed"],
    ["grant.updated", { code: 25027, reauthentication_flag: false }, "grant_changed"],
    ["grant.imap_sync_completed", {}, "grant_synced"],
    ["folder.updated", { id: "f" }, "folders_changed"],
    ["thread.replied", {}, "redundant"],
    ["message.opened.legacy", {}, "ignored"],
    ["calendar.created", {}, "ignored"],
  ])("of %s %j is %s", (type, object, kind) => {
    expect(changeOf(type, object).kind).toBe(kind);
  });
});
