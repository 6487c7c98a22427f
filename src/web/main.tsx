import "./styles.css";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { loadConfig } from "./app/config.ts";
import { Failure } from "./app/Failure.tsx";
import { startingLanguage } from "./words/language.ts";
import { speak, wordsNow } from "./words/words.ts";

const root = createRoot(document.getElementById("root") as HTMLElement);
const show = (content: ReactNode) => root.render(<StrictMode>{content}</StrictMode>);

// Without the words of another language the page speaks English, which beats saying nothing.
const spoken = speak(startingLanguage()).catch(() => undefined);

Promise.all([loadConfig(), spoken]).then(
  ([config]) => show(<App config={config} />),
  () => show(<Failure sentence={wordsNow().app.noAnswer} />),
);
