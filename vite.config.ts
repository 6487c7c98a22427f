import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin } from "vite";
import { clerkHostOf } from "./src/runtime/contentPolicy.ts";
import { headersFile } from "./src/runtime/pageHeaders.ts";

/**
 * Builds the web app from `src/web` into `dist/web`.
 *
 * No asset is inlined as a `data:` URL, because the page's content security policy allows fonts, styles and scripts
 * from its own origin only. `npm run dev:convex` serves the same folder with hot reload.
 */
export default defineConfig({
  root: "src/web",
  envDir: "../..",
  plugins: [react(), tailwindcss(), staticHostHeaders()],
  build: {
    outDir: "../../dist/web",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2023",
    // The Markdown renderer is larger than Vite likes, and is loaded only once somebody is signed in.
    chunkSizeWarningLimit: 640,
  },
});

/** Writes the headers that `npm start` sends as a file beside the page, for hosts that read them from there. */
function staticHostHeaders(): Plugin {
  let env: Record<string, string> = {};
  return {
    name: "static-host-headers",
    apply: "build",
    configResolved: ({ envDir, mode }) => {
      env = loadEnv(mode, envDir || ".");
    },
    generateBundle() {
      const source = headersFile(env, clerkHostOf(env["VITE_CLERK_PUBLISHABLE_KEY"]));
      this.emitFile({ type: "asset", fileName: "_headers", source });
    },
  };
}
