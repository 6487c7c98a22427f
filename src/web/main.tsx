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

const spoken = speak(startingLanguage());
Promise.all([loadConfig(), spoken]).then(
  ([config]) => show(<App config={config} />),
  () =>
    spoken.then(
      () => show(<Failure sentence={wordsNow().app.noAnswer} />),
      // Not even the words arrived, so this is the one sentence that is said in English to everybody.
      () => show(<p role="alert">Noruxa does not answer. Check your connection and load the page again.</p>),
    ),
);
