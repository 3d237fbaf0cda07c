import { useEffect, useRef } from "react";
import type { Key } from "./i18n/index.ts";

// All keys of the page go through here. Those typed into a field are never commands. Nor are those typed after `r` was
// pressed and before the composer is there: they are kept for it.

/** A command with its keys. */
export interface Shortcut {
  /** As `KeyboardEvent.key`, with `Ctrl+` for Ctrl or ⌘: `j`, `?`, `Ctrl+k`; two keys in a row as `g i`. */
  keys: string;
  /** What it does, in the list of shortcuts and in the palette. */
  label: Key;
  run(): void;
}

/** The mounted commands, newest last. Of two with the same keys the newer one counts. */
const layers = new Set<{ current: Shortcut[] }>();

/** Makes commands work while the component is mounted. */
export function useShortcuts(shortcuts: Shortcut[]): void {
  const layer = useRef(shortcuts);
  layer.current = shortcuts;
  useEffect(() => {
    layers.add(layer);
    return () => {
      layers.delete(layer);
    };
  }, []);
}

/** The commands that work now, each key once. */
export function currentShortcuts(): Shortcut[] {
  const byKeys = new Map<string, Shortcut>();
  for (const { current } of layers) for (const shortcut of current) byKeys.set(shortcut.keys, shortcut);
  return [...byKeys.values()];
}

/** What has been typed for a composer that is not there yet; null when none is awaited. */
let typed: string | null = null;

/** What Escape does while a composer is awaited. */
let giveUp = () => {};

/** From now on all keys are text for a composer, until `takeTyped`. @param onEscape gives that up */
export function keepTyping(onEscape: () => void): void {
  typed ??= "";
  giveUp = onEscape;
}

/** Ends `keepTyping`. @returns the text typed since then, for the composer to insert */
export function takeTyped(): string {
  const text = typed ?? "";
  typed = null;
  return text;
}

/** The key as a Latin keyboard has it: on a Cyrillic one, `j` is where `о` is. */
function latinOf({ key, code, shiftKey }: KeyboardEvent): string {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter === undefined || !/^\P{ASCII}$/u.test(key)) return key;
  return shiftKey ? letter : letter.toLowerCase();
}

/** A box that is ticked takes no text. */
const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio])"));

/** The first key of a pair such as `g i`, and when it was pressed. */
let first: { key: string; at: number } | null = null;
const PAIR_MS = 1500;

function onKeyDown(event: KeyboardEvent): void {
  const { key, ctrlKey, metaKey, altKey, target, isComposing } = event;
  if (isComposing || altKey) return;
  const isCommand = ctrlKey || metaKey;
  if (typed !== null && !isField(target) && !isCommand) {
    event.preventDefault();
    if (key === "Escape") {
      typed = null;
      giveUp();
    } else if (key === "Backspace") typed = typed.slice(0, -1);
    else if (key === "Enter") typed += "\n";
    else if (key.length === 1) typed += key;
    return;
  }
  const latin = latinOf(event);
  if (isField(target) && !(isCommand && latin === "k")) return;
  // Enter and Space belong to a focused button, link or box.
  if (
    (key === "Enter" || key === " ") &&
    target instanceof Element &&
    target.closest("button, a, input, summary, [role=option]")
  )
    return;
  const name = isCommand ? `Ctrl+${latin.toLowerCase()}` : latin;
  const known = currentShortcuts();
  const pair = first && event.timeStamp - first.at < PAIR_MS ? `${first.key} ${name}` : null;
  const found = known.find(({ keys }) => keys === pair) ?? known.find(({ keys }) => keys === name);
  const isFirst = !isCommand && known.some(({ keys }) => keys.startsWith(`${name} `));
  first = isFirst ? { key: name, at: event.timeStamp } : null;
  if (!found) return;
  event.preventDefault();
  found.run();
}

addEventListener("keydown", onKeyDown);
