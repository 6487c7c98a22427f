import clsx from "clsx";

/** The product's name, in its own hand. */
export function Wordmark({ className }: { className?: string }) {
  return <span className={clsx("font-display leading-none tracking-[-0.015em] text-ink", className)}>Noruxa</span>;
}
