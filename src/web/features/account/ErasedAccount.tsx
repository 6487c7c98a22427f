import { useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { LoaderCircle } from "lucide-react";
import { api } from "../../app/api.ts";
import { Splash } from "../../app/Splash.tsx";
import { Button } from "../../ui/Button.tsx";
import { Fact, Facts } from "../../ui/Facts.tsx";
import { Page } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";
import { useIdentity } from "./identity.ts";

type Erasure = NonNullable<FunctionReturnType<typeof api.privacy.erasure>>;
type UnderWay = Exclude<Erasure, { state: "erased" }>;
type Receipt = Extract<Erasure, { state: "erased" }>;

/** How far the erasure of the account is, and then its receipt; for as long as the session of its person lasts. */
export default function ErasedAccount() {
  const { account, privacy } = useWords();
  const { signOut } = useIdentity();
  const erasure = useQuery(api.privacy.erasure, {});
  if (erasure === undefined) return <Splash />;
  const isOver = erasure === null || erasure.state === "erased";
  return (
    <Page
      title={isOver ? privacy.erasedTitle : privacy.erasureTitle}
      aside={<Button onClick={() => void signOut()}>{account.signOut}</Button>}
    >
      {erasure?.state === "erased" && <ReceiptCard receipt={erasure} />}
      {erasure && erasure.state !== "erased" && <Progress erasure={erasure} />}
    </Page>
  );
}

function Progress({ erasure }: { erasure: UnderWay }) {
  const { privacy } = useWords();
  const { state, unreadableAt, removed } = erasure;
  return (
    <div role="status" className="mt-6 flex gap-3 rounded-2xl border border-line bg-raised p-5 text-[15px]">
      <LoaderCircle aria-hidden size={18} className="mt-0.5 shrink-0 animate-spin text-muted" />
      <div>
        <p>{privacy.erasureStates[state]}</p>
        {unreadableAt !== null && <p className="text-[14px] text-muted">{privacy.unreadableSince(unreadableAt)}</p>}
        <p className="text-[14px] text-muted">{privacy.removedSoFar(removed)}</p>
      </div>
    </div>
  );
}

function ReceiptCard({ receipt }: { receipt: Receipt }) {
  const { formats, privacy } = useWords();
  const { seq, requestedAt, unreadableAt, completedAt, backupsUntilAt, counts, retained, mac } = receipt;
  const removed = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <>
      <Facts layout="stacked" className="mt-6 rounded-2xl border border-line bg-raised p-5 shadow-raised">
        <Fact term={privacy.askedAt}>{formats.dateTime(requestedAt)}</Fact>
        <Fact term={privacy.unreadableAt}>{formats.dateTime(unreadableAt)}</Fact>
        <Fact term={privacy.completedAt}>{formats.dateTime(completedAt)}</Fact>
        <Fact term={privacy.backupsUntil}>{formats.day(backupsUntilAt)}</Fact>
        <Fact term={privacy.deletedRows}>{privacy.records(removed, false)}</Fact>
        {retained.length > 0 && (
          <Fact term={privacy.retained}>
            {retained.map(({ table, untilAt }) => (
              <span key={table} className="block">
                {privacy.retainedUntil(table, untilAt)}
              </span>
            ))}
          </Fact>
        )}
        <Fact term={privacy.receiptCode}>
          <span className="font-mono text-[12.5px] break-all">
            {privacy.receiptNumber(seq)} {mac}
          </span>
        </Fact>
      </Facts>
      <p className="mt-4 text-[14px] text-muted">{privacy.receiptKeep}</p>
    </>
  );
}
