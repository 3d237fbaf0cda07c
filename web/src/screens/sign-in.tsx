import { type FormEvent, useState } from "react";
import { t } from "../i18n/index.ts";
import { claimsOf, signIn } from "../session.ts";
import { Logo } from "../ui/logo.tsx";
import "./sign-in.css";

/** Signs in with a token that is pasted. @param onToken called when it is kept */
export function SignIn({ onToken }: { onToken: () => void }) {
  const [isRefused, setRefused] = useState(false);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    if (claimsOf(token) === null) return setRefused(true);
    signIn(token);
    onToken();
  };

  return (
    <main className="sign-in">
      <form onSubmit={submit} className="sign-in-card">
        <Logo />
        <h1>{t("signIn.title")}</h1>
        <p>{t("signIn.lead")}</p>
        <label>
          {t("signIn.token")}
          <textarea
            name="token"
            rows={4}
            required
            spellCheck={false}
            autoComplete="off"
            aria-invalid={isRefused}
            aria-describedby="sign-in-error"
          />
        </label>
        <p id="sign-in-error" className="error" role="alert">
          {isRefused ? t("signIn.invalid") : ""}
        </p>
        <button type="submit" className="button primary">
          {t("signIn.submit")}
        </button>
        <p className="quiet">{t("signIn.local")}</p>
      </form>
    </main>
  );
}
