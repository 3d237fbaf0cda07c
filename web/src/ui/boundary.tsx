import { Component, type ReactNode } from "react";
import { t } from "../i18n/index.ts";
import "./state.css";

interface Props {
  children: ReactNode;
  /** What is shown, such as an address: another one tries again. */
  of?: string | undefined;
  /** Of what takes its place after a crash. */
  className?: string;
}

interface State {
  error: unknown;
  of: string | undefined;
}

/**
 * Keeps a crash to one region of the page: the others stay usable. A script that a newer build no longer has says so.
 * Give it a `key` or `of` that changes with what is shown.
 */
export class Boundary extends Component<Props, State> {
  override state: State = { error: null, of: this.props.of };

  static getDerivedStateFromError(error: unknown) {
    return { error: error ?? new Error("Unknown") };
  }

  static getDerivedStateFromProps({ of }: Props, state: State): Partial<State> | null {
    return of === state.of ? null : { error: null, of };
  }

  override componentDidCatch(error: unknown): void {
    console.error(error);
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const isOld = isMissingScript(error);
    return (
      <div className={`state ${this.props.className ?? ""}`} role="alert">
        <p className="state-title">{t(isOld ? lostScript() : "error.crash")}</p>
        <div className="state-actions">
          {isOld ? null : (
            <button type="button" className="button" onClick={() => this.setState({ error: null })}>
              {t("error.retry")}
            </button>
          )}
          <button type="button" className="button primary" onClick={() => location.reload()}>
            {t("error.reload")}
          </button>
        </div>
      </div>
    );
  }
}

/** Chromium, Firefox, Safari, and Vite's own for styles. */
const isMissingScript = (error: unknown): boolean =>
  error instanceof Error &&
  /dynamically imported module|importing a module script|unable to preload css/i.test(error.message);

/** Without a connection nobody knows whether there is a newer version. */
const lostScript = () => (navigator.onLine ? "error.chunk" : "error.part");
