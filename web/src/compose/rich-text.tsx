import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import Squire from "squire-rte";
import { cleanFragment, keepPicture, textToHtml, toMailHtml } from "./html.ts";
import { Toolbar } from "./toolbar.tsx";
import "./rich-text.css";

/** What the composer asks of its editor. */
export interface Editor {
  focus(): void;
  /** Inserts text where the caret is. */
  insertText(text: string): void;
  /** Puts HTML below everything. */
  append(html: string): void;
  /** Shows an image where the caret is. @param name of its upload */
  insertImage(name: string, alt: string, url: string): void;
  /** An upload has ended: its image is now the file of this content id, or goes away. */
  settleImage(name: string, contentId: string | null): void;
}

interface Props {
  label: string;
  /** The HTML to begin with. */
  html: string;
  editor: RefObject<Editor | null>;
  /** Makes the editor the place of the text. */
  follow: (readText: () => string) => () => void;
  onInput: () => void;
  /** Images were pasted. */
  onImages: (files: File[]) => void;
}

/** The text of a mail, with its toolbar. */
export function RichText({ label, html, editor, follow, onInput, onImages }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [squire, setSquire] = useState<Squire | null>(null);
  const handlers = useRef({ onInput, onImages });
  handlers.current = { onInput, onImages };

  // Before the browser takes the next key, there is an editor.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the HTML is that of the beginning
  useLayoutEffect(() => {
    const root = place.current!;
    const made = new Squire(root, { sanitizeToDOMFragment: cleanFragment });
    made.setHTML(html);
    if (html) made.moveCursorToEnd();
    made.addEventListener("input", () => handlers.current.onInput());
    made.addEventListener("pasteImage", (event) => {
      const { clipboardData } = (event as CustomEvent<{ clipboardData: DataTransfer }>).detail;
      handlers.current.onImages([...clipboardData.files].filter(({ type }) => type.startsWith("image/")));
    });
    editor.current = handleOf(made, root);
    setSquire(made);
    const stop = follow(() => toMailHtml(made.getHTML()));
    return () => {
      stop();
      editor.current = null;
      made.destroy();
    };
  }, []);

  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a text area has no formats */}
      <div
        ref={place}
        className="rich-text"
        role="textbox"
        aria-multiline="true"
        aria-label={label}
        tabIndex={0}
        dir="auto"
      />
      {squire ? <Toolbar squire={squire} /> : null}
    </>
  );
}

const handleOf = (squire: Squire, root: HTMLElement): Editor => ({
  focus: () => void squire.focus(),
  insertText(text) {
    if (text.includes("\n")) squire.insertHTML(textToHtml(text));
    else if (text) squire.insertPlainText(text, false);
  },
  append(html) {
    squire.moveCursorToEnd().insertHTML(`<div><br></div>${html}`);
    squire.moveCursorToStart();
  },
  insertImage(name, alt, url) {
    keepPicture(name, url);
    squire.insertImage(url, { alt, "data-upload": name });
  },
  settleImage(name, contentId) {
    const image = root.querySelector<HTMLImageElement>(`img[data-upload="${CSS.escape(name)}"]`);
    if (!image) return;
    if (contentId === null) return image.remove();
    keepPicture(contentId, image.src);
    image.dataset.cid = contentId;
    delete image.dataset.upload;
  },
});
