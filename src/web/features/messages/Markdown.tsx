import { sanitize } from "hast-util-sanitize";
import { type Components, type ExtraProps, toJsxRuntime } from "hast-util-to-jsx-runtime";
import { ImageOff } from "lucide-react";
import { type Handlers, toHast } from "mdast-util-to-hast";
import { createContext, memo, type ReactNode, use, useState } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
import remend from "remend";
import { useWords } from "../../words/words.ts";
import { growBlocks, noBlocks } from "./blocks.ts";
import { CodeBlock } from "./CodeBlock.tsx";
import { Formula } from "./Formula.tsx";
import { mathInDollars, parseMarkdown } from "./parseMarkdown.ts";

/**
 * Shows text a model wrote, block by block: see [Note: Blocks]. Such text is never trusted: HTML in it is shown as the
 * characters it is made of, links go only to web and mail addresses, and nothing is fetched, because an image address
 * written by a model could carry the conversation to a stranger's server. Loaded once somebody is signed in.
 */
export default function Markdown({ children, live }: { children: string; live: boolean }) {
  const [blocks, setBlocks] = useState(() => growBlocks(noBlocks, children));
  const [read, setRead] = useState(children);
  // Derived while rendering, so that no frame shows the text of another moment.
  if (read !== children) {
    setRead(children);
    setBlocks(growBlocks(blocks, children));
  }
  return (
    <div className="markdown" data-live={live}>
      {[...blocks.settled, blocks.last].map((source, index) => (
        // Blocks are only ever added, so their number names them.
        <Block key={index} source={source} growing={live && index === blocks.settled.length} />
      ))}
    </div>
  );
}

/** Whether the block around is still being written. */
const GrowingContext = createContext(false);

const Block = memo(function Block({ source, growing }: { source: string; growing: boolean }) {
  // What is open at the end of an unfinished text is closed, so that half an emphasis shows as one.
  const tree = toHast(parseMarkdown(mathInDollars(growing ? remend(source) : source)), { handlers });
  return (
    <GrowingContext value={growing}>
      {toJsxRuntime(sanitize(tree), { Fragment, jsx, jsxs, components, passNode: true })}
    </GrowingContext>
  );
});

/** HTML comes out as the text it is. Nothing else could make an element that Markdown has no signs for. */
const handlers: Handlers = { html: (_state, { value }: { value: string }) => ({ type: "text", value }) };

type Node = NonNullable<ExtraProps["node"]>;

const components: Components = {
  a: ({ href, children }) => (
    <a href={safeUrl(href)} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  img: ({ alt, src }) => <BlockedImage alt={alt} src={safeUrl(src)} />,
  table: ({ children }) => <Table>{children}</Table>,
  pre: ({ node }) => <Preformatted node={node as Node} />,
  code: ({ node, children }) =>
    languageOf(node) === "math" ? <Formula tex={textOf(node)} /> : <code>{children}</code>,
};

function Preformatted({ node }: { node: Node }) {
  const growing = use(GrowingContext);
  const code = node.children.find((child) => child.type === "element");
  const language = languageOf(code);
  if (language === "math") return <Formula tex={textOf(code)} display />;
  return <CodeBlock code={textOf(code)} language={language} growing={growing} />;
}

function Table({ children }: { children: ReactNode }) {
  const { table } = useWords().messages;
  return (
    // Focusable, so that a wide table can be scrolled with the keyboard.
    <div role="group" tabIndex={0} aria-label={table} className="scroll-quiet overflow-x-auto rounded">
      <table>{children}</table>
    </div>
  );
}

function BlockedImage({ alt, src }: { alt?: string; src?: string }) {
  const words = useWords().messages;
  return (
    <span className="inline-flex items-baseline gap-2 rounded-lg border border-line bg-sunken px-2.5 py-1 text-[13.5px] text-muted">
      <ImageOff aria-hidden size={15} className="shrink-0 self-center" />
      <span>
        {words.imageNotLoaded(alt)}{" "}
        {src && (
          <a href={src} target="_blank" rel="noopener noreferrer nofollow">
            {words.openImage}
          </a>
        )}
      </span>
    </span>
  );
}

function safeUrl(url: unknown): string | undefined {
  return typeof url === "string" && /^(?:https?:|mailto:)/i.test(url) ? url : undefined;
}

/** The language of a piece of code, from the class that Markdown gives it. */
function languageOf(node: Node | undefined): string | undefined {
  const names = [node?.properties.className].flat();
  return names.map((name) => /^language-(.+)/.exec(String(name))?.[1]).find((language) => language !== undefined);
}

function textOf(node: Node | undefined): string {
  const texts = node?.children.map((child) => {
    if (child.type === "element") return textOf(child);
    return child.type === "text" ? child.value : "";
  });
  return texts?.join("") ?? "";
}
