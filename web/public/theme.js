// Before the first paint, so that a chosen theme or density does not flash.
try {
  const { theme, density } = JSON.parse(localStorage.getItem("xabar.settings") ?? "{}");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  if (density === "compact") document.documentElement.dataset.density = density;
} catch {
  // Without storage the system's theme is shown.
}
