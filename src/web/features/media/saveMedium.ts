import { WHOLE_ANSWER_BYTES } from "../../../shared/media.ts";

interface Saving {
  /** Gives a fresh address of it. */
  addressOf: () => Promise<string>;
  contentBytes: number;
  /** What its file is called, where it is put together here. */
  name: string;
  /** Called with the share that was loaded, from 0 to 1. */
  onProgress: (share: number) => void;
}

/**
 * Saves a medium as a file. What fits into one answer the browser saves by itself, under the name the server gives; what
 * is longer is had in parts only, and put together here. Rejects where it cannot be loaded.
 */
export async function saveMedium(saving: Saving): Promise<void> {
  if (saving.contentBytes <= WHOLE_ANSWER_BYTES) return press(`${await saving.addressOf()}&download=1`);
  const url = URL.createObjectURL(await loadInParts(saving));
  press(url, saving.name);
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Loads part after part, each as long as the server makes it. An address may run out on the way: a part has its own. */
async function loadInParts({ addressOf, contentBytes, onProgress }: Saving): Promise<Blob> {
  let whole = new Blob();
  while (whole.size < contentBytes) {
    const response = await fetch(await addressOf(), { headers: { Range: `bytes=${whole.size}-` } });
    const part = await response.blob();
    if (response.status !== 206 || part.size === 0) throw new Error(`The part at ${whole.size} could not be loaded`);
    whole = new Blob([whole, part]);
    onProgress(whole.size / contentBytes);
  }
  return whole;
}

function press(url: string, name = ""): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
