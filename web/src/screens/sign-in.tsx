import { type FormEvent, useState } from "react";
import { t } from "../i18n/index.ts";
import { type Claims, claimsOf, currentClaims, signIn } from "../session.ts";
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

/** Asks before a link signs in somebody else than who is signed in. */
export function SwitchUser({ token, onAnswer }: { token: string; onAnswer: (isYes: boolean) => void }) {
  const nameOf = (claims: Claims | null) =>
    claims?.name || t("user.unnamed", { id: `${claims?.user_id ?? ""}` });
  const [current, other] = [nameOf(currentClaims()), nameOf(claimsOf(token))];
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Logo />
        <h1>{t("signIn.switch", { name: other })}</h1>
        <p>{t("signIn.switchLead", { name: current })}</p>
        <button type="button" className="button primary" onClick={() => onAnswer(false)}>
          {t("signIn.stay", { name: current })}
        </button>
        <button type="button" className="button" onClick={() => onAnswer(true)}>
          {t("signIn.switchTo", { name: other })}
        </button>
      </div>
    </main>
  );
}
