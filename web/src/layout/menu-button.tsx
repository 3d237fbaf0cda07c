import { Menu } from "lucide-react";
import { t } from "../i18n/index.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { openDrawer } from "./drawer.ts";
import "./menu-button.css";

/** Opens the sidebar. Only shown where the screen is too narrow for it to stay. */
export const MenuButton = () => (
  <IconButton label={t("nav.menu")} className="menu-button" aria-haspopup="dialog" onClick={openDrawer}>
    <Menu size={20} />
  </IconButton>
);
