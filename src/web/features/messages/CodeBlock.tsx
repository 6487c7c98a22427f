import { CopyButton } from "./CopyButton.tsx";

/** A block of code with its language's name and a way to copy it. */
export function CodeBlock({ code, language }: { code: string; language?: string }) {
  const text = code.replace(/\n$/, "");
  return (
    <figure className="overflow-hidden rounded-xl border border-line bg-sunken">
      <figcaption className="flex items-center justify-between border-b border-line py-0.5 pr-1 pl-3.5 text-[12.5px] text-muted">
        {language ?? "text"}
        <CopyButton text={text} label="Copy code" />
      </figcaption>
      {/* Focusable, so that wide code can be scrolled with the keyboard. */}
      <pre
        tabIndex={0}
        className="scroll-quiet overflow-x-auto px-3.5 py-3 font-mono text-[13.5px] leading-relaxed [overflow-wrap:normal]"
      >
        <code>{text}</code>
      </pre>
    </figure>
  );
}
