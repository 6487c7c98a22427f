import { expect, test } from "vitest";
import { EmbeddedSession, SignInRefused } from "../../src/web/features/account/embeddedSession.ts";

type Answer = { status: number; body?: unknown } | "silence";

/** A session whose service gives `answers` in turn; `calls`, `slept` and `stored` are what it did. */
function sessionWith({ answers, secret }: { answers: Answer[]; secret?: string }) {
  const stored = new Map(secret ? [["noruxa.session", secret]] : []);
  const calls: { path: string; body: unknown }[] = [];
  const slept: number[] = [];
  const session = new EmbeddedSession("http://identity", {
    fetch: async (url, init) => {
      calls.push({ path: new URL(url).pathname, body: JSON.parse(String(init.body)) });
      const answer = answers.shift() ?? "silence";
      if (answer === "silence") throw new TypeError("fetch failed");
      return Response.json(answer.body ?? {}, { status: answer.status });
    },
    sleep: async (delayMs) => void slept.push(delayMs),
    storage: {
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => void stored.set(key, value),
      removeItem: (key) => void stored.delete(key),
    },
  });
  return { session, calls, slept, stored };
}

test("signing in keeps the session's secret and nothing else", async () => {
  const body = { session: "secret-1", userId: "user_1", email: "ada@example.com", name: "Ada" };
  const { session, stored } = sessionWith({ answers: [{ status: 200, body }] });
  await session.signIn({ email: "ada@example.com" });
  expect([...stored]).toEqual([["noruxa.session", "secret-1"]]);
});

test("a refused sign-in says why and leaves nobody signed in", async () => {
  const errors = [{ code: "invalid", message: "is invalid", long_message: "This is not a mail address." }];
  const { session } = sessionWith({ answers: [{ status: 422, body: { errors } }] });
  await expect(session.signIn({ email: "nonsense" })).rejects.toMatchObject({
    why: "signInFailed",
    sentence: "This is not a mail address.",
  });
  expect(session.secret()).toBeNull();
});

test("a silent sign-in service is named as such", async () => {
  const { session } = sessionWith({ answers: ["silence"] });
  await expect(session.signIn({ email: "ada@example.com" })).rejects.toEqual(new SignInRefused("signInSilent"));
});

test("a token is asked for again while the service is away, and the person stays signed in", async () => {
  const answers: Answer[] = ["silence", { status: 503 }, { status: 200, body: { token: "jwt" } }];
  const { session, slept } = sessionWith({ answers, secret: "secret-1" });
  expect(await session.token()).toBe("jwt");
  expect(slept).toEqual([300, 1_000]);
  expect(session.secret()).toBe("secret-1");
});

test("a service that stays away gives no token but ends no session", async () => {
  const { session, calls } = sessionWith({ answers: [], secret: "secret-1" });
  expect(await session.token()).toBeNull();
  expect(calls).toHaveLength(4);
  expect(session.secret()).toBe("secret-1");
});

test("a session the service ended is forgotten, and the page hears of it", async () => {
  const { session } = sessionWith({ answers: [{ status: 401 }], secret: "secret-1" });
  let changes = 0;
  session.subscribe(() => changes++);
  expect(await session.token()).toBeNull();
  expect(session.secret()).toBeNull();
  expect(session.ended()).toBe(true);
  expect(changes).toBe(1);
});

test("signing out clears the browser even when the service does not answer", async () => {
  const { session, stored, calls } = sessionWith({ answers: ["silence"], secret: "secret-1" });
  await session.signOut();
  expect(stored.size).toBe(0);
  expect(session.ended()).toBe(false);
  expect(calls).toEqual([{ path: "/dev/sign-out", body: { session: "secret-1" } }]);
});

test("signing out in one tab is heard in the others, and other keys are none of their business", () => {
  const { session } = sessionWith({ answers: [] });
  let changes = 0;
  session.subscribe(() => changes++);
  session.storageChanged({ key: "noruxa.theme" });
  session.storageChanged({ key: "noruxa.session" });
  session.storageChanged({ key: null });
  expect(changes).toBe(2);
});
