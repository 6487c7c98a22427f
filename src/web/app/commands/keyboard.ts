/** What is known of this device's keyboard, and what the person chose about it here. */
export const isApple = /mac|iphone|ipad/i.test(navigator.platform);

const storageKey = "noruxa.characterKeys";

/** Whether a single sign such as `?` is a shortcut. It is, unless somebody switched that off in this browser. */
export function characterKeysAreOn(): boolean {
  return localStorage.getItem(storageKey) !== "off";
}

export function switchCharacterKeys(on: boolean): void {
  if (on) localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, "off");
}
