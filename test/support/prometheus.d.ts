declare module "parse-prometheus-text-format" {
  /** Reads the text format, and throws for what is not in it. */
  export default function parse(text: string): import("./metrics.ts").Family[];
}
