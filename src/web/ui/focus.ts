/**
 * Moves the focus to `element`; where that has left the page meanwhile, to the page's content, since a keyboard whose
 * focus has fallen to the body starts again from the top.
 */
export function focusOn(element: Element | null): void {
  const isThere = element instanceof HTMLElement && element.isConnected && element !== document.body;
  const target = isThere ? element : document.querySelector<HTMLElement>("main");
  if (!target) return;
  if (!isThere) target.tabIndex = -1;
  target.focus({ preventScroll: !isThere });
}
