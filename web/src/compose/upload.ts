import { ApiError, type Schemas } from "../api.ts";
import { currentToken } from "../session.ts";

/**
 * Uploads a file for a mail. By XMLHttpRequest, because `fetch` does not tell how far an upload is.
 * @param onProgress receives the part that is sent, from 0 to 1
 * @throws ApiError if the API refuses it; TypeError if there is no connection; AbortError
 */
export const upload = (
  file: File,
  companyId: number,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Schemas["UploadResponse"]> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/attachments/?company_id=${companyId}`);
    request.setRequestHeader("Authorization", `Bearer ${currentToken()}`);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      const { status, response } = request;
      const [stored] = status === 201 ? response : [];
      if (stored) resolve(stored);
      else reject(new ApiError(status, response ?? { detail: request.statusText }));
    };
    request.onerror = () => reject(new TypeError("The upload has failed"));
    request.onabort = () => reject(new DOMException("Cancelled", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
