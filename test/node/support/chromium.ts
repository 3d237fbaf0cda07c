import { type Browser, chromium } from "playwright-core";

/** Starts Debian's Chromium, which asks no host by itself. @param args of this suite alone */
export const launchChromium = (...args: string[]): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update", ...args],
    ],
  });
