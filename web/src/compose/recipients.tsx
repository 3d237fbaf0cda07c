import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import {
  type ClipboardEvent,
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { api, take } from "../api.ts";
import { t } from "../i18n/index.ts";
import { Avatar } from "../ui/avatar.tsx";
import { addPeople, isAddress, type Person, readPeople } from "./mail.ts";
import "./recipients.css";

const REST_MS = 150;

interface Props {
  label: string;
  people: Person[];
  input?: RefObject<HTMLInputElement | null>;
  onChange: (people: Person[]) => void;
}

/** One of To, Cc and Bcc: people as chips, and a field that suggests others. */
export function Recipients({ label, people, input, onChange }: Props) {
  const id = useId();
  const own = useRef<HTMLInputElement>(null);
  const field = input ?? own;
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const found = useSuggestions(isOpen ? text : "");
  const known = new Set(people.map(({ email }) => email.toLowerCase()));
  const options = isOpen ? found.filter(({ email }) => !known.has(email.toLowerCase())) : [];
  const chosen = options[Math.min(active, options.length - 1)];

  const type = (value: string) => {
    setText(value);
    setOpen(value.trim() !== "");
    setActive(0);
  };
  const add = (more: Person[]) => {
    if (more.length) onChange(addPeople(people, more));
    type("");
  };
  const commit = () => add(readPeople(text));
  const remove = (person: Person) => {
    onChange(people.filter((other) => other !== person));
    field.current?.focus();
  };
  const edit = (person: Person) => {
    remove(person);
    type(person.email);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const { key, currentTarget } = event;
    if (event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step && options.length) {
      event.preventDefault();
      setActive((Math.min(active, options.length - 1) + step + options.length) % options.length);
    } else if (key === "Enter" || ((key === "," || key === ";") && !text.includes('"')) || key === "Tab") {
      if (!text.trim()) return;
      // Tab goes on to the next field.
      if (key !== "Tab") event.preventDefault();
      if (chosen && key !== "," && key !== ";") add([chosen]);
      else commit();
    } else if (key === "Escape" && isOpen && options.length) {
      event.stopPropagation();
      setOpen(false);
    } else if ((key === "Backspace" || key === "ArrowLeft") && currentTarget.selectionEnd === 0) {
      const last = people.at(-1);
      if (key === "Backspace" && last) remove(last);
      if (key === "ArrowLeft") focusChip(currentTarget, -1);
    }
  };
  const onPaste = (event: ClipboardEvent<HTMLInputElement>) => {
    const pasted = readPeople(event.clipboardData?.getData("text/plain") ?? "");
    if (text || !pasted.length || (pasted.length === 1 && !isAddress(pasted[0]!.email))) return;
    event.preventDefault();
    add(pasted);
  };

  return (
    <div className="recipients">
      <label htmlFor={`${id}-field`}>{label}</label>
      <ul className="people" aria-label={label}>
        {people.map((person) => (
          <Chip
            key={person.email}
            person={person}
            onEdit={() => edit(person)}
            onRemove={() => remove(person)}
          />
        ))}
        <li className="people-field">
          <input
            ref={field}
            id={`${id}-field`}
            type="text"
            role="combobox"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            aria-autocomplete="list"
            aria-expanded={options.length > 0}
            aria-controls={`${id}-list`}
            aria-activedescendant={chosen ? `${id}-${options.indexOf(chosen)}` : undefined}
            value={text}
            onInput={(event) => type(event.currentTarget.value)}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
            onBlur={() => (text.trim() ? commit() : setOpen(false))}
          />
        </li>
      </ul>
      <div
        id={`${id}-list`}
        className="suggestions"
        role="listbox"
        aria-label={t("compose.suggestions")}
        hidden={!options.length}
      >
        {options.map((person, nth) => (
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
          <div
            key={person.email}
            id={`${id}-${nth}`}
            className="suggestion"
            role="option"
            aria-selected={person === chosen}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => add([person])}
          >
            <Avatar of={person.name ?? person.email} size={28} />
            <span className="suggestion-name">{person.name ?? person.email}</span>
            {person.name ? <span className="quiet">{person.email}</span> : null}
          </div>
        ))}
      </div>
    </div>
  );
}

interface ChipProps {
  person: Person;
  onEdit: () => void;
  onRemove: () => void;
}

function Chip({ person, onEdit, onRemove }: ChipProps) {
  const { name, email } = person;
  const isValid = isAddress(email);
  const label = name ?? email;
  return (
    <li
      className={isValid ? "person" : "person is-invalid"}
      title={isValid ? email : t("compose.invalidAddress", { email })}
    >
      <button
        type="button"
        tabIndex={-1}
        className="person-name"
        aria-label={t("compose.editPerson", { name: label })}
        onClick={onEdit}
      >
        {label}
        {isValid ? null : <span className="visually-hidden">{t("compose.invalidAddress", { email })}</span>}
      </button>
      <button
        type="button"
        tabIndex={-1}
        className="person-remove"
        aria-label={t("compose.removePerson", { name: label })}
        onClick={onRemove}
        onKeyDown={({ key, currentTarget }) => {
          if (key === "Backspace" || key === "Delete") onRemove();
          if (key === "ArrowLeft") focusChip(currentTarget, -1);
          if (key === "ArrowRight") focusChip(currentTarget, 1);
        }}
      >
        <X size={14} />
      </button>
    </li>
  );
}

/** Moves the focus to the chip before or after, or to the field behind the last one. */
function focusChip(from: HTMLElement, step: -1 | 1): void {
  const item = from.closest("li");
  const next = step < 0 ? item?.previousElementSibling : item?.nextElementSibling;
  next?.querySelector<HTMLElement>(".person-remove, input")?.focus();
}

/** People whose address begins with the text, once it rests. */
function useSuggestions(text: string): Person[] {
  const [q, setQ] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setQ(text.trim()), text ? REST_MS : 0);
    return () => clearTimeout(timer);
  }, [text]);
  const { data } = useQuery({
    queryKey: ["contacts", q, "compose"],
    queryFn: ({ signal }) => take(api.GET("/contacts", { params: { query: { q } }, signal })),
    enabled: q !== "" && q.length <= 100,
  });
  return q && text.trim().startsWith(q) ? (data?.items ?? []) : [];
}
