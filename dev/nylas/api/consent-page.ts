import { html } from "hono/html";

/**
 * The page on which a user grants access to a mailbox. It requests the same URL again, with `sim_auto` (the address)
 * or `sim_error`.
 */
export function consentPage(query: Record<string, string>) {
  const { login_hint = "", sim_auto: _, sim_error: __, ...kept } = query;
  return html`<!doctype html>
    <html lang="en">
      <title>Nylas stand-in</title>
      <h1>Connect a mailbox</h1>
      <form>
        ${Object.entries(kept).map(
          ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
        )}
        <p><label>Email <input type="email" name="sim_auto" value="${login_hint}" /></label></p>
        <button>Allow</button>
        <button name="sim_error" value="access_denied">Deny</button>
      </form>
    </html>`;
}
