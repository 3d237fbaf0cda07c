import { useQuery } from "@tanstack/react-query";
import {
  CalendarDays,
  Download,
  File,
  FileArchive,
  FileAudio,
  FileImage,
  FileSpreadsheet,
  FileText,
  FileVideo,
  type LucideIcon,
} from "lucide-react";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { api, type Schemas, sentenceOf, take } from "../api.ts";
import { t } from "../i18n/index.ts";
import { fileSize } from "../i18n/numbers.ts";
import { useIsNear } from "./near.ts";
import "./attachments.css";

type Attachment = Schemas["AttachmentResponse"];

const ICONS: [RegExp, LucideIcon][] = [
  [/^image\//, FileImage],
  [/^audio\//, FileAudio],
  [/^video\//, FileVideo],
  [/calendar/, CalendarDays],
  [/zip|compressed|tar|rar/, FileArchive],
  [/sheet|excel|csv/, FileSpreadsheet],
  [/^text\/|pdf|word|rtf|document/, FileText],
];

/** Types that every browser shows and that are safe to show, and how large one may be to be loaded unasked. */
const PICTURE = /^image\/(?:png|jpe?g|gif|webp|avif)$/i;
const MAX_PICTURE = 5_000_000;

const isPicture = ({ content_type, size_bytes }: Attachment): boolean =>
  PICTURE.test(content_type) && size_bytes <= MAX_PICTURE;

/** The files of a message. Those that its text shows are left out. */
export function Attachments({ files }: { files: Attachment[] }) {
  const listed = files.filter(({ is_inline }) => !is_inline);
  if (listed.length === 0) return null;
  return (
    <section className="attachments" aria-label={t("thread.files", { n: listed.length })}>
      <h2>{t("thread.files", { n: listed.length })}</h2>
      <ul>
        {listed.map((file) => (
          <li key={file.id}>
            <FileButton file={file} />
          </li>
        ))}
      </ul>
    </section>
  );
}

const urlQuery = (id: string) => ({
  queryKey: ["file", id],
  queryFn: async () => {
    const call = api.GET("/attachments/{attachment_id}/download", {
      params: { path: { attachment_id: id } },
    });
    return (await take(call)).download_url;
  },
  // The address is valid for an hour.
  staleTime: 45 * 60_000,
});

function FileButton({ file }: { file: Attachment }) {
  const [isLoading, setLoading] = useState(false);
  const root = useRef<HTMLButtonElement>(null);
  const isNear = useIsNear(root);
  const picture = useQuery({ ...urlQuery(file.id), enabled: isNear && isPicture(file) });
  const Icon = ICONS.find(([type]) => type.test(file.content_type))?.[1] ?? File;
  const load = async () => {
    setLoading(true);
    try {
      await download(file);
    } catch (error) {
      toast.error(t("thread.notDownloaded", { name: file.filename, reason: sentenceOf(error) }));
    } finally {
      setLoading(false);
    }
  };
  return (
    <button
      type="button"
      ref={root}
      className="file"
      aria-busy={isLoading}
      title={t("thread.download", { name: file.filename })}
      onClick={() => void load()}
    >
      {isPicture(file) && !picture.isError ? (
        <span className="file-picture">
          {picture.data ? <img src={picture.data} alt="" loading="lazy" /> : null}
        </span>
      ) : (
        <Icon size={22} aria-hidden="true" />
      )}
      <span className="file-name" dir="auto">
        {file.filename || t("thread.unnamedFile")}
      </span>
      <span className="file-size">{fileSize(file.size_bytes)}</span>
      <Download size={16} className="file-load" aria-hidden="true" />
    </button>
  );
}

/** Lets the browser download a file. A link with `download` never leaves the page, also if the address fails. */
async function download(file: Attachment): Promise<void> {
  const call = api.GET("/attachments/{attachment_id}/download", {
    params: { path: { attachment_id: file.id } },
  });
  const { download_url } = await take(call);
  const link = document.createElement("a");
  link.href = download_url;
  link.download = file.filename;
  link.rel = "noopener";
  link.click();
}
