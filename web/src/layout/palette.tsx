import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { api, take } from "../api.ts";
import { openComposer } from "../compose/open.ts";
import { countsQuery } from "../conversations/counts.ts";
import { t } from "../i18n/index.ts";
import { currentShortcuts, type Shortcut } from "../keyboard.ts";
import { pathOf } from "../paths.ts";
import { KeyNames } from "./keys.tsx";
import "./palette.css";

/** Finds a command, a mailbox or a person by name. Opened by Ctrl-K. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState("");
  // The commands of the page below, once by label.
  const [commands] = useState(() => [
    ...new Map(currentShortcuts().map((each) => [each.label, each])).values(),
  ]);
  const mailboxes = useQuery(countsQuery).data ?? [];
  const people = useContacts(typed);
  const list = useRef<HTMLDivElement>(null);
  const [chosen, choose] = useState("");
  /** The text that the drawn items were found for. */
  const drawn = useRef("");
  /** Whether Enter was pressed before the items of a text were drawn. */
  const isAwaited = useRef(false);
  // cmdk chooses the first item itself, but before Preact has drawn those that it found.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these change what is found
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      const first = list.current?.querySelector<HTMLElement>("[cmdk-item]");
      drawn.current = typed;
      choose(first?.dataset.value ?? "");
      if (isAwaited.current) first?.click();
      isAwaited.current = false;
    });
    return () => cancelAnimationFrame(frame);
  }, [typed, people.length]);
  const run = (action: () => void) => () => {
    onClose();
    // After the dialog has given the focus back.
    setTimeout(action);
  };
  return (
    <Command.Dialog
      open
      onOpenChange={onClose}
      label={t("palette.label")}
      className="palette"
      value={chosen}
      onValueChange={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || drawn.current === typedIn(event)) return;
        event.preventDefault();
        isAwaited.current = true;
      }}
    >
      <Command.Input value={typed} onValueChange={setTyped} placeholder={t("palette.placeholder")} />
      <Command.List ref={list}>
        <Command.Empty>{t("palette.empty")}</Command.Empty>
        <Command.Group heading={t("palette.commands")}>
          {commands.map((command) => (
            <CommandItem key={command.label} command={command} onSelect={run(command.run)} />
          ))}
        </Command.Group>
        <Command.Group heading={t("nav.mailboxes")}>
          {mailboxes.map(({ account_id, email_address }) => (
            <Command.Item
              key={account_id}
              value={`mailbox ${email_address}`}
              onSelect={run(() => navigate(pathOf({ view: "inbox", account_id })))}
            >
              {email_address}
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading={t("palette.people")}>
          {people.map(({ name, email }) => (
            <Command.Item
              key={email}
              value={`person ${email} ${name ?? ""}`}
              onSelect={run(() => openComposer({ kind: "new", to: [{ email, ...(name ? { name } : {}) }] }))}
            >
              {t("palette.write", { name: name ?? email })}
              <span className="quiet">{name ? email : ""}</span>
            </Command.Item>
          ))}
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}

/** What is in the field, also when the page does not know it yet. */
const typedIn = ({ target }: KeyboardEvent): string =>
  target instanceof HTMLInputElement ? target.value : "";

const CommandItem = ({ command, onSelect }: { command: Shortcut; onSelect: () => void }) => (
  <Command.Item value={t(command.label)} onSelect={onSelect}>
    {t(command.label)}
    <KeyNames keys={command.keys} />
  </Command.Item>
);

/** The people whose address begins with a text. */
function useContacts(typed: string) {
  const q = typed.trim();
  const { data } = useQuery({
    queryKey: ["contacts", q],
    queryFn: ({ signal }) => take(api.GET("/contacts", { params: { query: { q } }, signal })),
    enabled: q.length > 1,
    placeholderData: (before) => before,
  });
  return q.length > 1 ? (data?.items ?? []) : [];
}
