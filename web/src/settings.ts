import { useSyncExternalStore } from "react";
import { type Language, preferredLanguage } from "./i18n/index.ts";

/** What a user has chosen in this browser. web/public/theme.js reads it, too. */
export interface Settings {
  language: Language;
  theme: "system" | "light" | "dark";
  density: "comfortable" | "compact";
}

const KEY = "xabar.settings";

const read = (): Settings => {
  const defaults: Settings = { language: preferredLanguage(), theme: "system", density: "comfortable" };
  try {
    return { ...defaults, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return defaults;
  }
};

let current = read();
const listeners = new Set<() => void>();

export const settings = (): Settings => current;

/** Changes some of the settings, now and for later visits. */
export function changeSettings(changes: Partial<Settings>): void {
  current = { ...current, ...changes };
  localStorage.setItem(KEY, JSON.stringify(current));
  show();
  for (const listener of listeners) listener();
}

function show(): void {
  const { dataset } = document.documentElement;
  delete dataset.theme;
  delete dataset.density;
  if (current.theme !== "system") dataset.theme = current.theme;
  if (current.density === "compact") dataset.density = current.density;
}

/** The settings, as they change. */
export const useSettings = (): Settings =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, settings);
