import { internal } from "../../convex/_generated/api.js";
import type { Hold } from "../../convex/legalHolds/placing.ts";
import type { Command, Run } from "./command.ts";
import { startOfDay, timeInWords } from "./words.ts";

/** Lists, places, reviews and lifts legal holds; the list exits 1 while a review is overdue. */
export const hold: Command = {
  name: "hold",
  synopsis: "hold [place <identity id> | review <hold id> | lift <hold id>]",
  purpose: "keeps what the law wants kept; alone it lists the holds there are",
  details: [
    "hold place user_2abc --matter 2026/17 --review 2027-02-19             all of an account",
    "hold place user_2abc --chat <id> --matter 2026/17 --review 2027-02-19  one chat of it",
    "hold review <hold id> --review 2027-05-20                             after it was looked at again",
    "hold lift <hold id>                                                   what waited for it goes on",
    "",
    "--matter is a number of yours that names nobody; --review is the day by which somebody looks again, at most 90 days on.",
    "The person is told when they try to delete what is held. Alone, exits with 1 while a review is overdue.",
  ],
  run: async (run) => {
    const [action, subject] = run.subjects;
    if (action === undefined) return list(run);
    if (subject === undefined) throw new Error("Whom or which? See npm run ops -- hold --help.");
    run.print(line(await change(run, action, subject)));
    return 0;
  },
};

/** How far ahead a review may be. */
const LONGEST_MS = 90 * 24 * 60 * 60_000;

async function list({ deployment, print }: Run): Promise<number> {
  const holds = await deployment.call(internal.legalHolds.placing.list, {});
  for (const each of holds) print(line(each));
  if (holds.length === 0) print("Nothing is held.");
  return holds.some(({ isOverdue }) => isOverdue) ? 1 : 0;
}

async function change(run: Run, action: string, subject: string): Promise<Hold> {
  const { deployment, apply, matter, chat: threadId } = run;
  const { place, review, lift } = internal.legalHolds.placing;
  if (action === "lift") return deployment.call(lift, { holdId: subject, apply });
  if (action === "review") return deployment.call(review, { holdId: subject, reviewAt: reviewDay(run), apply });
  if (action !== "place") throw new Error("place, review or lift?");
  if (matter === undefined) throw new Error("Which matter? Name it with --matter.");
  const order = { identityId: subject, matter, reviewAt: reviewDay(run), apply };
  return deployment.call(place, threadId === undefined ? order : { ...order, threadId });
}

function reviewDay({ review }: Run): number {
  if (review === undefined) throw new Error("Until when is it to be looked at again? Name a day with --review.");
  const day = startOfDay(review);
  if (day > Date.now() + LONGEST_MS) throw new Error("A review must be at most 90 days ahead.");
  return day;
}

function line({ holdId, matter, scope, placedAt, reviewAt, isOverdue }: Hold): string {
  const day = new Date(reviewAt).toISOString().slice(0, 10);
  const review = `to be reviewed by ${day}${isOverdue ? " (OVERDUE)" : ""}`;
  return `${holdId ?? "new"} ${matter}: ${scope} held since ${timeInWords(placedAt)}, ${review}`;
}
