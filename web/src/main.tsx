import { createRoot } from "react-dom/client";
import { setLanguage } from "./i18n/index.ts";
import { Root } from "./root.tsx";
import { takeTokenOfLink } from "./session.ts";
import { settings } from "./settings.ts";
import "./styles/tokens.css";
import "./styles/base.css";

const offered = takeTokenOfLink();
await setLanguage(settings().language);
createRoot(document.getElementById("root")!).render(<Root offered={offered} />);
