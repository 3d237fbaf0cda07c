import { Compass } from "lucide-react";
import { Link } from "wouter";
import { t } from "../i18n/index.ts";
import { Empty } from "../ui/state.tsx";
import { Screen } from "./screen.tsx";

/** The screen of an address that leads nowhere. */
export const NotFound = () => (
  <Screen title={t("notFound.title")}>
    <div className="not-found">
      <Empty icon={<Compass size={40} />} title={t("notFound.hint")} />
      <Link href="/app/inbox" className="button">
        {t("notFound.inbox")}
      </Link>
    </div>
  </Screen>
);
