import { type RefObject, useEffect, useRef, useState } from "react";
import { type Schemas, sentenceOf } from "../api.ts";
import { t } from "../i18n/index.ts";
import { fits, MAX_FILES } from "./mail.ts";
import type { Editor } from "./rich-text.tsx";
import { upload } from "./upload.ts";
import type { Writer } from "./writer.ts";

/** A file that is not uploaded yet, or could not be. */
export interface Pending {
  key: string;
  file: File;
  /** From 0 to 1. */
  progress: number;
  /** Why it is not uploaded. */
  error: string | null;
  cancel: () => void;
}

export interface Uploads {
  pending: Pending[];
  /** Whether files are still on their way. */
  isRunning: boolean;
  /** Uploads files. @param asImages shows them in the text */
  add: (files: File[], asImages?: boolean) => void;
}

let last = 0;

/** Uploads files into a mail. */
export function useUploads(
  writer: Writer,
  companyId: number | undefined,
  editor: RefObject<Editor | null>,
): Uploads {
  const [pending, setPending] = useState<Pending[]>([]);
  const now = useRef(pending);
  const running = useRef(new Set<AbortController>());
  useEffect(
    () => () => {
      for (const controller of running.current) controller.abort();
    },
    [],
  );

  const set = (list: Pending[]) => {
    now.current = list;
    setPending(list);
  };
  const remove = (key: string) => set(now.current.filter((one) => one.key !== key));
  const change = (key: string, changes: Partial<Pending>) =>
    set(now.current.map((one) => (one.key === key ? { ...one, ...changes } : one)));

  const refusalOf = (file: File): string | null => {
    const waiting = now.current.filter(({ error }) => error === null);
    const { files } = writer.mail();
    if (files.length + waiting.length >= MAX_FILES) return t("compose.tooMany", { n: MAX_FILES });
    const isRoom = fits(files, [...waiting.map((one) => one.file), file]);
    return isRoom ? null : t("compose.tooLarge");
  };

  const start = async (file: File, asImage: boolean) => {
    const key = `upload-${++last}`;
    const controller = new AbortController();
    const cancel = () => {
      controller.abort();
      editor.current?.settleImage(key, null);
      remove(key);
    };
    const error = refusalOf(file) ?? (companyId === undefined ? t("error.unknown") : null);
    set([...now.current, { key, file, progress: 0, error, cancel }]);
    if (error !== null || companyId === undefined) return;
    if (asImage) editor.current?.insertImage(key, file.name, URL.createObjectURL(file));
    running.current.add(controller);
    try {
      const onProgress = (progress: number) => change(key, { progress });
      const stored = await upload(file, companyId, onProgress, controller.signal);
      editor.current?.settleImage(key, stored.content_id);
      writer.change({ files: [...writer.mail().files, fileOf(stored, asImage)] });
      remove(key);
    } catch (error) {
      if (controller.signal.aborted) return;
      editor.current?.settleImage(key, null);
      change(key, { error: error instanceof TypeError ? t("compose.uploadOffline") : sentenceOf(error) });
    } finally {
      running.current.delete(controller);
    }
  };

  return {
    pending,
    isRunning: pending.some(({ error }) => error === null),
    add: (files, asImages = false) => {
      for (const file of files) void start(file, asImages && file.type.startsWith("image/"));
    },
  };
}

const fileOf = (stored: Schemas["UploadResponse"], isInline: boolean) => {
  const { id, filename, content_type, size_bytes, content_id } = stored;
  return { id, filename, content_type, size_bytes, content_id: isInline ? content_id : null };
};
