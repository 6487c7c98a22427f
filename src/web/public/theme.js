// Runs before the first paint, so that a person who chose light or dark never sees a flash of the other one.
// It is a file of its own because the content security policy allows no inline script. See app/theme.ts.
try {
  const theme = localStorage.getItem("noruxa.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that forbids storage gets the system's theme.
}
