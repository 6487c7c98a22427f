import { useQuery } from "convex/react";
import type { ReactNode } from "react";
import { type Account, api } from "../../app/api.ts";
import { Failure } from "../../app/Failure.tsx";
import { Splash } from "../../app/Splash.tsx";
import { Fact, Facts } from "../../ui/Facts.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";
import { alertsOf, type Count, countLabel, type Overview } from "./alerts.ts";

/** How the service stands, in numbers and ids. The server answers operators only; others are not led here. */
export default function OperatorPage({ account }: { account: Account }) {
  const { operator } = useWords();
  if (!account.operator) return <Failure sentence={operator.notYours} />;
  return (
    <Page wide title={operator.title} lead={operator.lead}>
      <Standing />
    </Page>
  );
}

function Standing() {
  const { operator } = useWords();
  const overview = useQuery(api.operator.overview, {});
  if (!overview) return <Splash />;
  const { accounts, retention, outbox, orders, mediaJobs, exports, inbox } = overview;
  return (
    <>
      <Alerts overview={overview} />
      <div className="mt-8 grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <Figures title={operator.accounts} names={operator.accountStates} counts={accounts} />
        <Figures title={operator.retention} names={operator.retentionParts} counts={retention} />
        <ToBeDeleted outbox={outbox} orders={orders} />
        <Figures title={operator.jobs} names={operator.jobStates} counts={mediaJobs} />
        <Figures title={operator.archives} names={operator.archiveStates} counts={exports} />
        <Figures title={operator.inbox} names={operator.inboxStates} counts={inbox.counts} />
      </div>
      <Erasures overview={overview} />
      <Requests overview={overview} />
      <Holds overview={overview} />
      <FailedJobs overview={overview} />
      <Inbox overview={overview} />
    </>
  );
}

function Alerts({ overview }: { overview: Overview }) {
  const words = useWords();
  const alerts = alertsOf(words, overview);
  return (
    <div className="mt-6 grid gap-2">
      {alerts.map((sentence) => (
        <Problem key={sentence}>{sentence}</Problem>
      ))}
      {alerts.length === 0 && <p className="text-[15px]">{words.operator.allWell}</p>}
      <p className="text-[13.5px] text-muted">{words.operator.countedAt(overview.at)}</p>
    </div>
  );
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="rounded-2xl border border-line bg-raised p-4 sm:p-5">
      <h2 className="mb-3 text-[15px] font-semibold">{title}</h2>
      <Facts layout="figures">{children}</Facts>
    </section>
  );
}

interface FiguresProps<Name extends string> {
  title: string;
  names: Record<Name, string>;
  counts: Record<NoInfer<Name>, Count>;
}

/** Counts with their names, in the order of the names. */
function Figures<Name extends string>({ title, names, counts }: FiguresProps<Name>) {
  const { formats, operator } = useWords();
  return (
    <Card title={title}>
      {(Object.keys(names) as Name[]).map((name) => (
        <Fact key={name} term={names[name]}>
          {countLabel(operator, formats, counts[name])}
        </Fact>
      ))}
    </Card>
  );
}

/** What the bucket and providers have still to delete. */
function ToBeDeleted({ outbox, orders }: Pick<Overview, "outbox" | "orders">) {
  const { formats, operator } = useWords();
  const asked = [outbox, orders].flatMap(({ oldestAskedAt }) => oldestAskedAt ?? []);
  return (
    <Card title={operator.toBeDeleted}>
      <Fact term={operator.files}>{countLabel(operator, formats, outbox.waiting)}</Fact>
      <Fact term={operator.orders}>{countLabel(operator, formats, orders.waiting)}</Fact>
      <Fact term={operator.oldest}>{asked.length === 0 ? "–" : formats.dateTime(Math.min(...asked))}</Fact>
      <Fact term={operator.stuck}>{formats.number(outbox.stuck + orders.stuck)}</Fact>
    </Card>
  );
}

interface ListProps<Row> {
  title: string;
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** What stands first, on its own line, and what of it is an id. */
  children: (row: Row) => { id: string; says: (string | false)[]; isLoud?: boolean };
}

/** Rows of which only ids, kinds and times are shown; nothing at all where there are none, since the figures say so. */
function List<Row>({ title, rows, keyOf, children }: ListProps<Row>) {
  if (rows.length === 0) return null;
  return (
    <Section title={title}>
      <ul className="divide-y divide-line rounded-2xl border border-line bg-raised">
        {rows.map((row) => {
          const { id, says, isLoud = false } = children(row);
          return (
            <li key={keyOf(row)} className="grid gap-0.5 px-4 py-2.5 text-[14.5px] sm:px-5">
              <span className={isLoud ? "text-danger" : undefined}>{says.filter(Boolean).join(" · ")}</span>
              <code className="truncate text-[12.5px] text-muted">{id}</code>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function Erasures({ overview }: { overview: Overview }) {
  const { operator } = useWords();
  return (
    <List title={operator.erasures} rows={overview.erasures} keyOf={({ jobId }) => jobId}>
      {({ jobId, state, origin, requestedAt, beatAt, removed, attempts }) => ({
        id: jobId,
        says: [
          operator.erasureStates[state],
          operator.erasureOrigins[origin],
          operator.since(requestedAt),
          operator.erasureLine(removed, attempts),
          operator.lastSign(beatAt),
        ],
      })}
    </List>
  );
}

function Requests({ overview }: { overview: Overview }) {
  const { operator } = useWords();
  return (
    <List title={operator.requests} rows={overview.requests.open} keyOf={({ reference }) => reference}>
      {({ reference, kind, dueAt, isOverdue, verifiedBy }) => ({
        id: reference,
        isLoud: isOverdue,
        says: [
          operator.kinds[kind],
          operator.due(dueAt),
          isOverdue && operator.overdue,
          verifiedBy === null ? operator.notVerified : operator.verifiedBy[verifiedBy],
        ],
      })}
    </List>
  );
}

function Holds({ overview }: { overview: Overview }) {
  const { operator } = useWords();
  return (
    <List title={operator.holds} rows={overview.holds} keyOf={({ holdId, matter }) => holdId ?? matter}>
      {({ matter, scope, placedAt, reviewAt, isOverdue }) => ({
        id: matter,
        isLoud: isOverdue,
        says: [operator.holdScopes[scope], operator.since(placedAt), operator.reviewBy(reviewAt)],
      })}
    </List>
  );
}

function FailedJobs({ overview }: { overview: Overview }) {
  const { formats, operator } = useWords();
  return (
    <List title={operator.newestFailed} rows={overview.mediaJobs.newestFailed} keyOf={({ jobId }) => jobId}>
      {({ jobId, model, error, failedAt }) => ({
        id: jobId,
        says: [model, error ?? false, formats.dateTime(failedAt)],
      })}
    </List>
  );
}

function Inbox({ overview }: { overview: Overview }) {
  const { formats, operator } = useWords();
  const { parked, refused } = overview.inbox;
  return (
    <>
      <List title={operator.parked} rows={parked} keyOf={({ messageId }) => messageId}>
        {({ messageId, type, reason, receivedAt }) => ({
          id: messageId,
          says: [type, reason ?? false, formats.dateTime(receivedAt)],
        })}
      </List>
      <List title={operator.refused} rows={refused} keyOf={({ day, reason }) => `${day} ${reason}`}>
        {({ day, reason, count }) => ({ id: reason, says: [day, formats.number(count)] })}
      </List>
    </>
  );
}
