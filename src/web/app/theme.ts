/** What a person may choose; `system` follows the device. See [Note: Theme] in styles.css. */
export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const storageKey = "noruxa.theme";

/**
 * Puts a theme in force. The account knows the choice; the browser keeps a copy, because the first paint of the next
 * visit comes before anybody is signed in (`public/theme.js`).
 */
export function applyTheme(theme: Theme): void {
  if (theme === "system") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem(storageKey);
  } else {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(storageKey, theme);
  }
}
