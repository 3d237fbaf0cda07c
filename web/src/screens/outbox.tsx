import { t } from "../i18n/index.ts";
import { Screen } from "./screen.tsx";

/** The outbox. */
export default function Outbox() {
  return <Screen title={t("nav.outbox")}>{null}</Screen>;
}
