import { BookOpen, Keyboard, LogOut } from "lucide-react";
import { longDate } from "../i18n/dates.ts";
import { LANGUAGES, type Language, t } from "../i18n/index.ts";
import { currentShortcuts } from "../keyboard.ts";
import { currentClaims, signOut } from "../session.ts";
import { changeSettings, type Settings, useSettings } from "../settings.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Choice } from "../ui/choice.tsx";
import { useMe } from "./me.ts";
import { Screen } from "./screen.tsx";
import "./settings.css";

const THEMES: Settings["theme"][] = ["system", "light", "dark"];
const DENSITIES: Settings["density"][] = ["comfortable", "compact"];

/** The settings of this browser, and who is signed in. */
export default function SettingsScreen() {
  const { language, theme, density } = useSettings();
  return (
    <Screen title={t("nav.settings")}>
      <section className="card settings">
        <h2>{t("settings.look")}</h2>
        <Choice<Language>
          label={t("settings.language")}
          value={language}
          options={(Object.keys(LANGUAGES) as Language[]).map((value) => ({
            value,
            label: LANGUAGES[value],
            lang: value,
          }))}
          onChoose={(value) => changeSettings({ language: value })}
        />
        <Choice
          label={t("settings.theme")}
          value={theme}
          options={THEMES.map((value) => ({ value, label: t(`settings.theme.${value}`) }))}
          onChoose={(value) => changeSettings({ theme: value })}
        />
        <Choice
          label={t("settings.density")}
          value={density}
          options={DENSITIES.map((value) => ({ value, label: t(`settings.density.${value}`) }))}
          onChoose={(value) => changeSettings({ density: value })}
        />
        <p className="quiet">{t("settings.kept")}</p>
      </section>
      <Account />
      <section className="card settings">
        <h2>{t("settings.help")}</h2>
        <div className="settings-links">
          <button
            type="button"
            className="button"
            onClick={() =>
              currentShortcuts()
                .find(({ keys }) => keys === "?")
                ?.run()
            }
          >
            <Keyboard size={17} aria-hidden="true" />
            {t("settings.keys")}
            <kbd>?</kbd>
          </button>
          <a className="button" href="/docs" target="_blank" rel="noreferrer">
            <BookOpen size={17} aria-hidden="true" />
            {t("settings.docs")}
          </a>
        </div>
      </section>
    </Screen>
  );
}

/** How many companies of a token are named. */
const SHOWN = 12;

function Account() {
  const { name, role, companies } = useMe();
  const expiry = currentClaims()?.exp;
  return (
    <section className="card settings">
      <h2>{t("settings.account")}</h2>
      <div className="settings-user">
        <Avatar of={name} size={44} />
        <div>
          <strong>{name}</strong>
          <div className="quiet">{role}</div>
        </div>
        <button type="button" className="button" onClick={signOut}>
          <LogOut size={17} aria-hidden="true" />
          {t("nav.signOut")}
        </button>
      </div>
      <dl className="facts">
        <div>
          <dt>{t("settings.companies")}</dt>
          <dd>
            {companies.slice(0, SHOWN).join(", ") || t("company.none")}
            {companies.length > SHOWN ? ` ${t("settings.more", { n: companies.length - SHOWN })}` : null}
          </dd>
        </div>
        {expiry ? (
          <div>
            <dt>{t("settings.expiry")}</dt>
            <dd>{longDate(new Date(expiry * 1000).toISOString())}</dd>
          </div>
        ) : null}
      </dl>
    </section>
  );
}
