import { describe, expect, test } from "vitest";
import { AZIZA, startWithGrant } from "./nylas-sim-harness.ts";

const mail = { to: [AZIZA], subject: "Keyin", body: "<p>Keyin</p>" };

describe("a draft", () => {
  async function startWithDraft(draft: object = {}) {
    const harness = startWithGrant();
    const drafts = `/v3/grants/${harness.grant.id}/drafts`;
    const { data } = (await harness.api("POST", drafts, { ...mail, ...draft })).body;
    return { ...harness, drafts, draft: data, one: `${drafts}/${data.id}` };
  }

  test("without recipients is kept, and refused when it is sent", async () => {
    const { api, one, sentCount } = await startWithDraft({ to: undefined });
    expect((await api("POST", one)).status).toBe(400);
    const { data } = (await api("GET", one)).body;
    expect(data).toMatchObject({ object: "draft", subject: "Keyin" });
    expect(data).not.toHaveProperty("to");
    expect(await sentCount()).toBe(0);
  });

  test("is listed apart from the messages", async () => {
    const { api, drafts, path, draft } = await startWithDraft();
    expect((await api("GET", drafts)).body.data).toMatchObject([{ id: draft.id, folders: ["DRAFTS"] }]);
    expect((await api("GET", path)).body.data).toEqual([]);
  });

  test("keeps its id and what a change does not name; files are replaced as a whole", async () => {
    const file = { filename: "a.txt", content_type: "text/plain", content: "cmVqYQ==" };
    const { api, one, draft, grant } = await startWithDraft({ attachments: [file] });
    const renamed = (await api("PUT", one, { subject: "Boshqa" })).body.data;
    expect(renamed).toMatchObject({ id: draft.id, subject: "Boshqa", body: mail.body });
    expect(renamed.attachments).toMatchObject([{ filename: "a.txt", size: 4 }]);
    const download = `/v3/grants/${grant.id}/attachments/${renamed.attachments[0].id}/download`;
    expect((await api("GET", `${download}?message_id=${draft.id}`)).body).toBe("reja");
    const other = { ...file, filename: "b.txt" };
    const { data } = (await api("PUT", one, { attachments: [other] })).body;
    expect(data.attachments).toMatchObject([{ filename: "b.txt" }]);
  });

  test("becomes a message of its thread when it is sent", async () => {
    const { api, receive, path, drafts } = await startWithDraft();
    const parent = receive("Savol");
    const reply = { ...mail, reply_to_message_id: parent.id };
    const { data } = (await api("POST", drafts, reply)).body;
    expect(data.thread_id).toBe(parent.thread_id);
    const threads = path.replace("/messages", "/threads");
    const thread = (await api("GET", `${threads}/${parent.thread_id}`)).body.data;
    expect(thread).toMatchObject({ has_drafts: true, draft_ids: [data.id] });
    const sent = (await api("POST", `${drafts}/${data.id}`)).body.data;
    expect(sent).toMatchObject({ object: "message", thread_id: parent.thread_id, folders: ["SENT"] });
    expect((await api("GET", `${drafts}/${data.id}`)).status).toBe(404);
  });

  test("that is deleted is gone", async () => {
    const { api, one } = await startWithDraft();
    expect((await api("DELETE", one)).status).toBe(200);
    expect((await api("GET", one)).status).toBe(404);
  });
});

const NOW = Date.UTC(2026, 2, 1) / 1000;
const DAY = 24 * 60 * 60;

/** A stand-in whose grant is already announced, and a mail to be sent in an hour. */
async function startAnnounced() {
  const harness = startWithGrant();
  await harness.sim.tick();
  harness.delivered.length = 0;
  const schedules = `${harness.path}/schedules`;
  const schedule = async (more: object = {}, key?: string) =>
    (await harness.send({ ...mail, send_at: NOW + 3600, ...more }, key)).body.schedule_id;
  const status = async (id: string) => (await harness.api("GET", `${schedules}/${id}`)).body.data;
  return { ...harness, schedules, schedule, status };
}

describe("a send for later is refused", () => {
  test.each([
    ["in the past", NOW - 1],
    ["less than a minute away", NOW + 59],
    ["more than 30 days away", NOW + 30 * DAY + 1],
    ["that is no number", "tomorrow"],
  ])("at a time %s", async (_, send_at) => {
    const { api, send, schedules } = await startAnnounced();
    expect((await send({ ...mail, send_at })).status).toBe(400);
    expect((await api("GET", schedules)).body.data).toEqual([]);
  });

  test("in reply to a mail that is not there", async () => {
    const { send } = await startAnnounced();
    const reply = { ...mail, send_at: NOW + 3600, reply_to_message_id: "nothing" };
    expect((await send(reply)).status).toBe(404);
  });
});

describe("a schedule", () => {
  test("of another grant is not found, and one about to be sent cannot be cancelled", async () => {
    const { sim, api, advance, schedule, schedules } = await startAnnounced();
    const id = await schedule();
    const other = sim.addGrant({ email: "desk@app.example" });
    expect((await api("GET", `/v3/grants/${other.id}/messages/schedules/${id}`)).status).toBe(404);
    await advance(3591);
    expect((await api("DELETE", `${schedules}/${id}`)).status).toBe(400);
  });

  test("has no message until its time, then it is sent and announced", async () => {
    const { schedule, status, sentCount, advance, delivered, grant } = await startAnnounced();
    const id = await schedule();
    await advance(3599);
    expect(await sentCount()).toBe(0);
    expect(await status(id)).toMatchObject({ schedule_id: id, status: { code: "pending" } });

    await advance(1);
    expect(await sentCount()).toBe(1);
    expect(await status(id)).toMatchObject({ status: { code: "success" }, close_time: NOW + 3600 });
    const success = delivered.find(({ json }) => json.type === "message.send_success")!.json;
    expect(success).toMatchObject({ source: "/nylas/send", data: { grant_id: grant.id } });
    expect(success.data.object).toMatchObject({ schedule_id: id, send_at: NOW + 3600, subject: "Keyin" });
    expect(success.data.object).not.toHaveProperty("body");
    const created = delivered.find(({ json }) => json.type === "message.created")!.json;
    expect(created.data.object.id).toBe(success.data.object.id);
  });

  test("keeps its files until they are sent", async () => {
    const { api, advance, schedule, path, grant } = await startAnnounced();
    const attachments = [{ filename: "a.txt", content_type: "text/plain", content: "cmVqYQ==" }];
    await schedule({ attachments });
    await advance(3600);
    const [{ id, attachments: files }] = (await api("GET", `${path}?in=SENT`)).body.data;
    const download = `/v3/grants/${grant.id}/attachments/${files[0].id}/download?message_id=${id}`;
    expect((await api("GET", download)).body).toBe("reja");
  });

  test("that is cancelled is never sent", async () => {
    const { api, advance, schedule, schedules, sentCount } = await startAnnounced();
    const id = await schedule();
    expect((await api("DELETE", `${schedules}/${id}`)).status).toBe(202);
    expect((await api("GET", `${schedules}/${id}`)).status).toBe(404);
    await advance(7200);
    expect(await sentCount()).toBe(0);
  });

  test("of a grant that has expired meanwhile fails, and says why", async () => {
    const { control, advance, schedule, delivered, grant } = await startAnnounced();
    const id = await schedule();
    await control("POST", `/grants/${grant.id}/expire`);
    await advance(3600);
    const failed = delivered.find(({ json }) => json.type === "message.send_failed")!.json;
    expect(failed.data).toMatchObject({
      grant_id: grant.id,
      reason: "the grant has expired",
      error: { type: "api.provider_error", status_code: 401 },
      object: { schedule_id: id, subject: "Keyin" },
    });
    await control("POST", `/grants/${grant.id}/reauth`);
    await advance(DAY);
    expect(delivered.some(({ json }) => json.type === "message.send_success")).toBe(false);
  });

  test("is one under one Idempotency-Key, outlives a snapshot, and goes with its grant", async () => {
    const { sim, api, schedule, schedules, grant, control } = await startAnnounced();
    expect(await schedule({}, "k")).toBe(await schedule({}, "k"));
    expect((await api("GET", schedules)).body.data).toHaveLength(1);
    const after = startWithGrant({ snapshot: JSON.parse(JSON.stringify(sim.snapshot())) });
    await after.advance(3600);
    expect(await after.sentCount()).toBe(1);
    await api("DELETE", `/v3/grants/${grant.id}`);
    await control("POST", "/advance", { seconds: 3600 });
    expect((await control("GET", "/state")).body.messages).toEqual({});
  });
});
