import { html } from "hono/html";

/** The page on which somebody lets an application into a mailbox. @param url of the page itself */
export function consentPage(url: string, scope: string, addresses: string[]) {
  const link = (name: string, value: string, text: string) => {
    const target = new URL(url);
    target.searchParams.set(name, value);
    return html`<li><a href="${target.pathname + target.search}">${text}</a></li>`;
  };
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <title>Let an application read your mail? – stand-in</title>
      <h1>Let this application read and send your mail?</h1>
      <p>It asks for: <code>${scope}</code></p>
      <ul>
        ${addresses.map((address) => link("sim_auto", address, `Allow for ${address}`))}
        ${link("sim_error", "access_denied", "Refuse")}
      </ul>
    </html>`;
}
