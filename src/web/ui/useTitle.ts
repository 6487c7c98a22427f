import { useEffect } from "react";

/** Names the page in the browser's tab and history. Without a title it is the product's name alone. */
export function useTitle(title = ""): void {
  useEffect(() => {
    document.title = title ? `${title} · Noruxa` : "Noruxa";
  }, [title]);
}
