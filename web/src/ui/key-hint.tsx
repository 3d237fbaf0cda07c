/** The key that does the same as a button. Screen readers read `aria-keyshortcuts` instead. */
export const KeyHint = ({ keys }: { keys: string }) => (
  <span className="key-hint" aria-hidden="true">
    <kbd>{keys}</kbd>
  </span>
);
