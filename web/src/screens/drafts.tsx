import { t } from "../i18n/index.ts";
import { Screen } from "./screen.tsx";

/** The drafts. */
export default function Drafts() {
  return <Screen title={t("view.drafts")}>{null}</Screen>;
}
