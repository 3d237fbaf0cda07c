const REMOTE =
  /<(?:img|input|video|table|t[dhr]|body|source)\b[^<>]{0,4000}?\b(?:src|srcset|background)\s{0,9}=\s{0,9}["']?\s{0,9}(?:https?:)?\/\/|url\(\s{0,9}["']?\s{0,9}(?:https?:)?\/\//i;

/** Whether a mail's HTML has images on other hosts. A guess: a wrong yes shows a needless question. */
export const hasRemoteImages = (html: string): boolean => REMOTE.test(html);
