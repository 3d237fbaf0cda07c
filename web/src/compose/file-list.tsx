import { Paperclip, X } from "lucide-react";
import { t } from "../i18n/index.ts";
import { fileSize } from "../i18n/numbers.ts";
import { IconButton } from "../ui/icon-button.tsx";
import type { Mail, MailFile } from "./mail.ts";
import type { Pending } from "./uploads.ts";

interface Props {
  mail: Mail;
  pending: Pending[];
  onRemove: (file: MailFile) => void;
}

/** The files that go along, and those that are on their way. Images of the text are in the text. */
export function FileList({ mail, pending, onRemove }: Props) {
  const files = mail.files.filter(({ content_id }) => content_id === null);
  if (files.length + pending.length === 0) return null;
  return (
    <ul className="compose-files" aria-label={t("compose.files")}>
      {files.map((file) => (
        <li key={file.id} className="compose-file">
          <Paperclip size={15} aria-hidden="true" />
          <span className="file-name">{file.filename}</span>
          <span className="quiet">{fileSize(file.size_bytes)}</span>
          <IconButton label={t("compose.removeFile", { name: file.filename })} onClick={() => onRemove(file)}>
            <X size={15} />
          </IconButton>
        </li>
      ))}
      {pending.map(({ key, file, progress, error, cancel }) => (
        <li key={key} className={error ? "compose-file is-failed" : "compose-file"}>
          <Paperclip size={15} aria-hidden="true" />
          <span className="file-name">{file.name}</span>
          {error ? (
            <span className="error" role="alert">
              {error}
            </span>
          ) : (
            <progress value={progress} aria-label={t("compose.uploading", { name: file.name })} />
          )}
          <IconButton
            label={t(error ? "compose.removeFile" : "compose.cancelUpload", { name: file.name })}
            onClick={cancel}
          >
            <X size={15} />
          </IconButton>
        </li>
      ))}
    </ul>
  );
}
