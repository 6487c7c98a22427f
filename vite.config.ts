import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/**
 * Builds the web app from `src/web` into `dist/web`.
 *
 * No asset is inlined as a `data:` URL, because the page's content security policy allows fonts, styles and scripts
 * from its own origin only. `npm run dev:convex` serves the same folder with hot reload.
 */
export default defineConfig({
  root: "src/web",
  envDir: "../..",
  plugins: [react(), tailwindcss()],
  build: {
    outDir: "../../dist/web",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2023",
    // The Markdown renderer is larger than Vite likes, and is loaded only once somebody is signed in.
    chunkSizeWarningLimit: 640,
  },
});
