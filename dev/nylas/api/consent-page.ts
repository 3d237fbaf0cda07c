import { html } from "hono/html";
import { PROVIDERS } from "../store/ids.ts";

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { display: grid; place-items: center; min-height: 100vh; margin: 0; background: Canvas; }
  main { box-sizing: border-box; width: min(26rem, 92vw); padding: 2rem; border: 1px solid #8884; border-radius: 12px; }
  h1 { margin: 0; font-size: 1.25rem; }
  p { margin: 0.5rem 0 1rem; opacity: 0.75; font-size: 0.9rem; }
  label { display: block; margin-bottom: 1rem; }
  input, select { box-sizing: border-box; width: 100%; margin-top: 0.25rem; padding: 0.5rem; font: inherit; }
  button { padding: 0.5rem 1.25rem; border: 1px solid #8888; border-radius: 6px; background: none; font: inherit; }
  button.allow { border-color: #0a6cff; background: #0a6cff; color: #fff; }
`;

/**
 * The page on which a user grants access to a mailbox. It requests the same URL again, with `sim_auto` (the address)
 * or `sim_error`.
 */
export function consentPage(query: Record<string, string>) {
  const { login_hint = "", provider, sim_auto: _, sim_error: __, ...kept } = query;
  const { host } = new URL(query.redirect_uri ?? "");
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>Connect a mailbox – Nylas stand-in</title>
      <style>${STYLE}</style>
      <main>
        <h1>Connect a mailbox</h1>
        <p>${host} wants to read, send and delete your mail. This page stands in for Nylas: any address will do.</p>
        <form>
          ${Object.entries(kept).map(
            ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
          )}
          <label>
            Provider
            <select name="provider">
              ${PROVIDERS.map(
                (each) => html`<option ${each === provider ? "selected" : ""}>${each}</option>`,
              )}
            </select>
          </label>
          <label>
            Email
            <input type="email" name="sim_auto" value="${login_hint}" required autofocus placeholder="you@example.com" />
          </label>
          <button class="allow">Allow</button>
          <button name="sim_error" value="oauth_failed" formnovalidate>Deny</button>
        </form>
      </main>
    </html>`;
}
