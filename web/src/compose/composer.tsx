import { closeComposer, type Intent } from "./open.ts";

/** Writes a mail. */
export default function Composer({ intent }: { intent: Intent }) {
  return (
    <section className="composer" aria-label={intent.kind}>
      <button type="button" onClick={closeComposer}>
        ×
      </button>
    </section>
  );
}
