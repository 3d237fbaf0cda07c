import { Compass } from "lucide-react";
import { t } from "../i18n/index.ts";
import { Empty } from "../ui/state.tsx";

/** The screen of an address that leads nowhere. */
export const NotFound = () => (
  <Empty icon={<Compass size={40} />} title={t("notFound.title")} hint={t("notFound.hint")} />
);
