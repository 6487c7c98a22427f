import { type ReactNode, useEffect, useState } from "react";
import { useWords } from "../../words/words.ts";
import { CopyButton } from "./CopyButton.tsx";

/** Longer code stays plain: colouring it would hold up the page. */
const longestColoured = 50_000;

interface CodeBlockProps {
  code: string;
  language?: string;
  /** Still being written, and coloured once it is not. */
  growing: boolean;
}

/** A block of code with its language's name and a way to copy it. */
export function CodeBlock({ code, language, growing }: CodeBlockProps) {
  const words = useWords().messages;
  const text = code.replace(/\n$/, "");
  const coloured = useColours(text, growing ? undefined : language);
  return (
    <figure className="overflow-hidden rounded-xl border border-line bg-sunken">
      <figcaption className="flex items-center justify-between border-b border-line py-0.5 pr-1 pl-3.5 text-[12.5px] text-muted">
        {language ?? words.plainText}
        <CopyButton text={text} label={words.copyCode} />
      </figcaption>
      {/* Focusable, so that wide code can be scrolled with the keyboard. */}
      <pre
        tabIndex={0}
        className="scroll-quiet overflow-x-auto px-3.5 py-3 font-mono text-[13.5px] leading-relaxed [overflow-wrap:normal]"
      >
        <code>{coloured ?? text}</code>
      </pre>
    </figure>
  );
}

/** The text in colours, once what colours it is loaded; null until then, and where nothing knows the language. */
function useColours(text: string, language: string | undefined): ReactNode {
  const [coloured, setColoured] = useState<{ text: string; node: ReactNode } | null>(null);
  useEffect(() => {
    if (!language || text.length > longestColoured) return;
    let left = false;
    import("./colourCode.ts").then(
      ({ colourCode }) => left || setColoured({ text, node: colourCode(text, language) }),
      // Code is as readable without colours.
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [text, language]);
  return coloured?.text === text ? coloured.node : null;
}
