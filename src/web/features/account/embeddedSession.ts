/** Where the session's secret rests, so that a reload and a second tab stay signed in. Signing out removes it. */
const storageKey = "noruxa.session";

/** How often and how patiently a token is asked for while the sign-in service does not answer. */
const retryDelaysMs = [300, 1_000, 3_000];

export interface SignInRequest {
  email: string;
  name?: string;
}

/** A session's secret, or errors in the shape Clerk gives them. */
interface SignInAnswer {
  session?: string;
  errors?: { message: string; long_message?: string }[];
}

export interface EmbeddedSessionDeps {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  sleep: (delayMs: number) => Promise<void>;
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

/** Signing in did not work: the service did not answer, or refused, at best with a sentence made to be shown. */
export class SignInRefused extends Error {
  readonly why: "signInSilent" | "signInFailed";
  readonly sentence: string | undefined;

  constructor(why: SignInRefused["why"], sentence?: string) {
    super(why);
    this.why = why;
    this.sentence = sentence;
  }
}

/**
 * A person's session with the embedded sign-in service: `POST /dev/sign-in`, `/dev/sessions/token`, `/dev/sign-out`.
 * The browser keeps the session's secret and nothing else; tokens live in memory for as long as they are valid.
 */
export class EmbeddedSession {
  readonly #identityUrl: string;
  readonly #deps: EmbeddedSessionDeps;
  readonly #listeners = new Set<() => void>();
  #ended = false;

  constructor(identityUrl: string, deps: EmbeddedSessionDeps) {
    this.#identityUrl = identityUrl;
    this.#deps = deps;
  }

  /** The secret of the session, or null for nobody. Safe to read during rendering. */
  readonly secret = (): string | null => this.#deps.storage.getItem(storageKey);

  /** Whether the service ended a session that was here, until somebody signs in. Safe to read during rendering. */
  readonly ended = (): boolean => this.#ended;

  /** Calls `listener` whenever somebody signs in or out in this tab; returns the way to stop. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Signs a demo person in. Throws `SignInRefused`. */
  async signIn(request: SignInRequest): Promise<void> {
    const response = await this.#post("/dev/sign-in", request).catch(() => {
      throw new SignInRefused("signInSilent");
    });
    const body = (await response.json().catch(() => ({}))) as SignInAnswer;
    const trouble = body.errors?.[0];
    if (!body.session) throw new SignInRefused("signInFailed", trouble?.long_message);
    this.#deps.storage.setItem(storageKey, body.session);
    this.#ended = false;
    this.#changed();
  }

  /** Ends the session here at once; the service is told as well, but its silence keeps nobody signed in. */
  async signOut(): Promise<void> {
    const session = this.secret();
    this.#ended = false;
    this.#forget();
    if (session) await this.#post("/dev/sign-out", { session }).catch(() => undefined);
  }

  /** A fresh token, or null when the session is over or the service stays silent. */
  async token(): Promise<string | null> {
    const session = this.secret();
    if (!session) return null;
    for (const delayMs of [0, ...retryDelaysMs]) {
      if (delayMs > 0) await this.#deps.sleep(delayMs);
      const response = await this.#post("/dev/sessions/token", { session }).catch(() => null);
      if (response?.ok) return ((await response.json()) as { token: string }).token;
      if (response && response.status < 500) {
        this.#ended = true;
        this.#forget();
        return null;
      }
    }
    return null;
  }

  /** Another tab signed in or out; the browser tells the others through its storage event. */
  readonly storageChanged = (event: Pick<StorageEvent, "key">): void => {
    if (event.key === storageKey || event.key === null) this.#changed();
  };

  #forget(): void {
    this.#deps.storage.removeItem(storageKey);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #post(path: string, body: unknown): Promise<Response> {
    return this.#deps.fetch(`${this.#identityUrl}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }
}
