import { ImageOff } from "lucide-react";
import type { ReactNode } from "react";
import { type Components, defaultRehypePlugins, Streamdown, type UrlTransform } from "streamdown";
import { CodeBlock } from "./CodeBlock.tsx";

/**
 * Shows text a model wrote. Such text is never trusted: HTML in it is shown as the characters it is made of, links go
 * only to web and mail addresses, and nothing is fetched, because an image address written by a model could carry the
 * conversation to a stranger's server. Loaded on demand, being the largest part of the page.
 */
export default function Markdown({ children, live }: { children: string; live: boolean }) {
  return (
    <Streamdown
      className="markdown"
      data-live={live}
      isAnimating={live}
      rehypePlugins={rehypePlugins}
      components={components}
      urlTransform={safeUrl}
    >
      {children}
    </Streamdown>
  );
}

// Without "raw", HTML stays text. "sanitize" is a second lock on the same door.
const rehypePlugins = [defaultRehypePlugins.sanitize].filter((plugin) => plugin !== undefined);

const safeUrl: UrlTransform = (url) => (/^(?:https?:|mailto:)/i.test(url) ? url : null);

// Plain elements instead of Streamdown's own, which come with another design's classes; styles.css dresses them.
const plain = ["h1", "h2", "h3", "h4", "h5", "h6", "p", "strong", "ul", "ol", "li", "hr", "blockquote"] as const;
const tableParts = ["thead", "tbody", "tr", "th", "td", "sup", "sub", "section"] as const;

const components: Components = {
  ...(Object.fromEntries([...plain, ...tableParts].map((tag) => [tag, tag])) as Components),
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  img: ({ alt, src }) => <BlockedImage alt={alt} src={typeof src === "string" ? src : undefined} />,
  table: ({ children }) => (
    <div className="scroll-quiet overflow-x-auto">
      <table>{children}</table>
    </div>
  ),
  code: ({ className, children }) => (
    <CodeBlock language={/language-(\S+)/.exec(className ?? "")?.[1]} code={textOf(children)} />
  ),
  inlineCode: ({ children }) => <code>{children}</code>,
};

function BlockedImage({ alt, src }: { alt?: string; src?: string }) {
  return (
    <span className="inline-flex items-center gap-2 rounded-lg border border-line bg-sunken px-2.5 py-1 text-[13.5px] text-muted">
      <ImageOff aria-hidden size={15} />
      {alt || "Image"} — not loaded, to keep your reading private.
      {src && (
        <a href={src} target="_blank" rel="noopener noreferrer nofollow">
          Open it
        </a>
      )}
    </span>
  );
}

function textOf(node: ReactNode): string {
  if (typeof node === "string") return node;
  return Array.isArray(node) ? node.map(textOf).join("") : "";
}
