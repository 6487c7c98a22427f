import { httpRouter } from "convex/server";
import { serveExport } from "./routes/exports.ts";
import { serveMedia, uploadMedia } from "./routes/media.ts";
import { mediaWebhook } from "./routes/mediaWebhooks.ts";
import { privacyJson, privacyPage } from "./routes/privacy.ts";
import { clerkWebhook } from "./routes/webhooks.ts";
import { health, nothingHere, preflight, securityTxt } from "./routes/wellKnown.ts";

const http = httpRouter();

http.route({ path: "/health", method: "GET", handler: health });
http.route({ path: "/.well-known/security.txt", method: "GET", handler: securityTxt });

http.route({ path: "/privacy", method: "GET", handler: privacyPage });
http.route({ path: "/privacy.json", method: "GET", handler: privacyJson });

http.route({ path: "/media/upload", method: "POST", handler: uploadMedia });
http.route({ pathPrefix: "/media/", method: "GET", handler: serveMedia });

http.route({ pathPrefix: "/exports/", method: "GET", handler: serveExport });

http.route({ path: "/webhooks/clerk", method: "POST", handler: clerkWebhook });
http.route({ pathPrefix: "/webhooks/media/", method: "POST", handler: mediaWebhook });

http.route({ pathPrefix: "/", method: "OPTIONS", handler: preflight });
for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"] as const) {
  http.route({ pathPrefix: "/", method, handler: nothingHere });
}

export default http;
