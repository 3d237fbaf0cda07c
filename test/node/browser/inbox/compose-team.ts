import { describe, expect, it } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { answering, composerOf, openConversation, untilOutbox, writing } from "../../support/composer.ts";
import { newUser, openInbox, receiveStored } from "../../support/inbox.ts";

// Colleagues who answer the same mail, and people who are written to, in Chromium.

describe("two who answer one mail", () => {
  it("see each other, and the second is told before sending; a forced send is refused and loses nothing", async () => {
    const [malika, jasur] = [await newUser("Malika Rahimova"), await newUser("Jasur Aliyev")];
    const one = await answering(malika);
    const two = await openConversation(jasur, one);
    await one.page.keyboard.press("r");
    await one.page.keyboard.type("Malikaning javobi");
    await one.untilSaved();
    await two.page.keyboard.press("r");
    await two.page.keyboard.type("Jasurning javobi");
    await two.composer.getByText("Malika Rahimova is writing").waitFor();
    await one.composer.getByText("Jasur Aliyev is writing").waitFor();
    const seen = await versionOf(jasur, one.thread_id);

    await one.page.keyboard.press("Control+Enter");
    await one.composer.waitFor({ state: "detached" });
    await untilOutbox(malika, `Re: ${one.subject}`, "sent");
    const banner = two.composer.getByRole("alert");
    await banner.getByText(/^Malika Rahimova answered (just now|\d+ (s|min) ago)$/).waitFor();
    await banner.getByText("Malikaning javobi").waitFor();

    await two.text.click();
    await two.page.keyboard.press("Control+Enter");
    await banner.getByText("Not sent: somebody has written in this conversation").waitFor();
    await two.untilText("Jasurning javobi");
    const forced = await jasur.api.POST("/messages/{message_id}/reply", {
      params: { path: { message_id: one.message_id }, header: { "If-Match": `"${seen}"` } },
      body: await bodyOf(jasur, one.message_id),
    });
    expect(forced.response.status).toBe(409);
    await banner.getByRole("button", { name: "Send anyway" }).click();
    await two.composer.waitFor({ state: "detached" });
    await untilOutbox(jasur, `Re: ${one.subject}`, "sent");
    const { data } = await jasur.api.GET("/threads/{thread_id}", {
      params: { path: { thread_id: one.thread_id } },
    });
    expect(data!.messages.map(({ sent_by }) => sent_by)).toEqual([null, malika.user, jasur.user]);
  });

  it("can look at what came first, and then send without being asked again", async () => {
    const [malika, jasur] = [await newUser("Malika"), await newUser("Jasur")];
    const { page, composer, subject, message_id } = await answering(jasur);
    await page.keyboard.press("r");
    await page.keyboard.type("Javob");
    await composer.getByText(/^Saved/).waitFor();
    const params = { path: { message_id } };
    await malika.api.POST("/messages/{message_id}/reply", { params, body: await bodyOf(malika, message_id) });
    await composer.getByRole("alert").getByRole("button", { name: "See it" }).click();
    await composer.getByRole("alert").waitFor({ state: "detached" });
    await composer.getByRole("button", { name: "Send", exact: true }).click();
    await composer.waitFor({ state: "detached" });
    await untilOutbox(jasur, `Re: ${subject}`, "sent");
  });

  it("while a colleague's answer can still be undone, the other is refused, and may try again", async () => {
    const [malika, jasur] = [await newUser("Malika"), await newUser("Jasur")];
    const { page, composer, subject, message_id, untilText, untilSaved } = await answering(jasur);
    await page.keyboard.press("r");
    await page.keyboard.type("Javob");
    await untilSaved();
    const { data: form } = await malika.api.GET("/messages/{message_id}", {
      params: { path: { message_id } },
    });
    const version = await versionOf(malika, form!.thread_id);
    const params = { path: { message_id }, header: { "If-Match": `"${version}"` } };
    const body = { ...(await bodyOf(malika, message_id)), undo_seconds: 60 };
    const { data: entry } = await malika.api.POST("/messages/{message_id}/reply", { params, body });
    await page.keyboard.press("Control+Enter");
    await composer.getByText("A colleague is answering this conversation right now").waitFor();
    await untilText("Javob");
    await malika.api.POST("/outbox/{outbox_id}/cancel", { params: { path: { outbox_id: entry!.id } } });
    await page.keyboard.press("Control+Enter");
    await composer.waitFor({ state: "detached" });
    await untilOutbox(jasur, `Re: ${subject}`, "sent");
  });
});

const versionOf = async (
  { api }: Awaited<ReturnType<typeof newUser>>,
  thread_id: string,
): Promise<number> => {
  const { data } = await api.GET("/threads/{thread_id}", { params: { path: { thread_id } } });
  return data!.version;
};

async function bodyOf({ api }: Awaited<ReturnType<typeof newUser>>, message_id: string) {
  const { data } = await api.GET("/messages/{message_id}/compose", { params: { path: { message_id } } });
  const { email_account_id, to, subject } = data!;
  return { email_account_id, to, subject, body_html: "<p>Tashqaridan</p>" };
}

describe("recipients", () => {
  it("are suggested from mail, and chosen by keys", async () => {
    const name = `s${Date.now().toString(36)}`;
    const { thread_id } = await receiveStored({ from: `"Sardor Tursunov" <${name}@mijoz.example>` });
    expect(thread_id).toBeTruthy();
    const { page, to, composer } = await writing(await newUser());
    await to.pressSequentially(name.slice(0, -1));
    const option = composer.getByRole("option", { name: /Sardor Tursunov/ });
    await option.waitFor();
    expect(await option.getAttribute("aria-selected")).toBe("true");
    expect(await to.getAttribute("aria-activedescendant")).toBe(await option.getAttribute("id"));
    await page.keyboard.press("Tab");
    expect(await composer.locator(".person-name").allInnerTexts()).toEqual(["Sardor Tursunov"]);
    expect(await to.inputValue()).toBe("");
    await to.focus();
    await page.keyboard.press("Backspace");
    expect(await composer.locator(".person").count()).toBe(0);
  });

  it("are read from a pasted list; wrong ones are shown as such and can be edited", async () => {
    const { page, to, composer } = await writing(await newUser());
    await to.evaluate((field) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData(
        "text/plain",
        '"Aliyev, Ali" <ali@x.example>; vali@x.example\nnot-an-address, ali@X.example',
      );
      field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    });
    const names = composer.locator(".person-name");
    await waitFor(async () => expect(await names.count()).toBe(3));
    expect(await names.first().textContent()).toBe("Aliyev, Ali");
    const wrong = composer.locator(".person.is-invalid");
    expect(await wrong.count()).toBe(1);
    await wrong.getByRole("button", { name: "Edit not-an-address" }).click();
    expect(await to.inputValue()).toBe("not-an-address");
    await page.keyboard.type("@x.example,");
    await waitFor(async () => expect(await names.count()).toBe(3));
    expect(await wrong.count()).toBe(0);
    await page.keyboard.press("ArrowLeft");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toMatch(
      /^Remove not-an-/,
    );
    await page.keyboard.press("Delete");
    await waitFor(async () => expect(await names.count()).toBe(2));
  });
});

describe("the text", () => {
  it("takes formats by keys and buttons, and nothing dangerous from a clipboard", async () => {
    const user = await newUser();
    const { page, text, composer } = await writing(user);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await text.click();
    await page.keyboard.press("Control+b");
    await page.keyboard.type("qalin");
    await page.keyboard.press("Control+b");
    expect(await composer.getByRole("button", { name: "Bold" }).getAttribute("aria-pressed")).toBe("false");
    await page.keyboard.press("Enter");
    await composer.getByRole("button", { name: "List", exact: true }).click();
    await page.keyboard.type("bir");
    await waitFor(async () =>
      expect(await text.innerHTML()).toMatch(/<b>qalin<\/b>.*<ul><li>.*bir.*<\/li><\/ul>/s),
    );
    await text.evaluate((place) => {
      const clipboardData = new DataTransfer();
      const html =
        '<p onclick="evil()" style="position:fixed">Matn<script>evil()</script><img src="https://evil.example/x.png" onerror="evil()"><a href="javascript:evil()">havola</a> <a href="https://x.example/">yaxshi</a></p><style>*{display:none}</style><svg onload="evil()"></svg>';
      clipboardData.setData("text/html", html);
      place.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    });
    await text.getByText("havola").waitFor();
    const html = await text.innerHTML();
    expect(html).not.toMatch(/script|onclick|onerror|position|evil|svg|<style/);
    expect(html).toContain('<a href="https://x.example/">yaxshi</a>');
    expect(asked.filter((url) => url.includes("evil"))).toEqual([]);
  });

  it("shows the original folded, to be left out or edited", async () => {
    const { page, text, composer } = await answering(await newUser(), { text: "Asl matn shu" });
    await page.keyboard.press("r");
    await text.waitFor();
    expect(await composer.locator("iframe").count()).toBe(0);
    await composer.getByRole("button", { name: "Show the original message" }).click();
    await composer.frameLocator("iframe").getByText("Asl matn shu").waitFor();
    await composer.getByRole("button", { name: "Edit", exact: true }).click();
    await text.getByText("Asl matn shu").waitFor();
    expect(await composer.locator("iframe").count()).toBe(0);
  });
});

it("a composer that is minimised leaves the keys to the page, and comes back as it was", async () => {
  const { page, text, untilText } = await answering(await newUser());
  await page.keyboard.press("r");
  await page.keyboard.type("Kutib tur");
  await untilText("Kutib tur");
  const { composer } = composerOf(page);
  await composer.getByRole("button", { name: "Minimise" }).click();
  expect(await text.isVisible()).toBe(false);
  await page.locator(".thread-header h1").click();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await composer.getByRole("button", { name: "Open again" }).click();
  await untilText("Kutib tur");
});

it("on a phone the composer has the whole screen", async () => {
  const { thread_id } = await receiveStored();
  const { page } = await openInbox({
    viewport: { width: 360, height: 740 },
    path: `/app/inbox/${thread_id}`,
  });
  await page.locator(".thread-header h1").waitFor();
  await page.keyboard.press("r");
  const { composer, text, send } = composerOf(page);
  await text.waitFor();
  expect(await composer.boundingBox()).toEqual({ x: 0, y: 0, width: 360, height: 740 });
  for (const part of [text, send, composer.getByRole("button", { name: "Discard" })])
    expect((await part.boundingBox())!.x + (await part.boundingBox())!.width).toBeLessThanOrEqual(360);
});
