import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Toaster } from "sonner";
import { queries } from "./api.ts";
import { language, setLanguage } from "./i18n/index.ts";
import { Inbox } from "./inbox.tsx";
import { SignIn, SwitchUser } from "./screens/sign-in.tsx";
import { currentToken, signIn } from "./session.ts";
import { useSettings } from "./settings.ts";

/**
 * The page: the sign-in, or the inbox of who is signed in. Another language replaces all of it.
 * @param offered the token of a link for somebody else, who is signed in only when asked
 */
export function Root({ offered }: { offered: string | null }) {
  const { language: chosen, theme } = useSettings();
  const [shown, show] = useState(language());
  const [token, setToken] = useState(currentToken);
  const [asked, setAsked] = useState(offered);

  useEffect(() => {
    void setLanguage(chosen).then(() => show(chosen));
  }, [chosen]);

  useEffect(() => {
    const leave = () => {
      queries.clear();
      setToken(null);
    };
    const follow = (event: StorageEvent) => {
      if (event.key !== "xabar.token") return;
      // Another tab has signed somebody in or out.
      queries.clear();
      setToken(currentToken());
    };
    addEventListener("xabar:signed-out", leave);
    addEventListener("storage", follow);
    return () => {
      removeEventListener("xabar:signed-out", leave);
      removeEventListener("storage", follow);
    };
  }, []);

  const answer = (isYes: boolean) => {
    if (isYes && asked !== null) signIn(asked);
    setAsked(null);
    setToken(currentToken());
  };

  return (
    <QueryClientProvider client={queries} key={shown}>
      {token === null ? (
        <SignIn onToken={() => setToken(currentToken())} />
      ) : asked !== null ? (
        <SwitchUser token={asked} onAnswer={answer} />
      ) : (
        <Inbox key={token} />
      )}
      <Toaster theme={theme} position="bottom-left" duration={8000} visibleToasts={4} />
    </QueryClientProvider>
  );
}
