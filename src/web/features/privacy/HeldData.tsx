import { ChevronDown } from "lucide-react";
import { Accordion, Tabs } from "radix-ui";
import type { ReactNode } from "react";
import { DATA_CLASSES, type DataClass, type DataClassId } from "../../../policy/dataClasses.ts";
import { Fact, Facts } from "../../ui/Facts.tsx";
import { useWords } from "../../words/words.ts";
import { periodIn } from "./period.ts";
import { usePolicyWords } from "./policyWords.ts";
import type { Category, Overview } from "./useOverview.ts";

/** Everything held about a person, by kind with basis and period, or by the categories of California's law. */
export function HeldData({ overview }: { overview: Overview }) {
  const { formats, privacy } = useWords();
  const { person } = overview;
  return (
    <>
      <p className="mb-4 text-[14.5px] text-muted">
        {privacy.heldSince(person.since)} {privacy.signInId}: <code className="text-[13px]">{person.identityId}</code>
      </p>
      <Tabs.Root defaultValue="kinds">
        <Tabs.List aria-label={privacy.held} className="mb-3 inline-flex rounded-[10px] bg-sunken p-1 text-[14px]">
          <Tab value="kinds">{privacy.byPeriod}</Tab>
          <Tab value="california">{privacy.byCalifornia}</Tab>
        </Tabs.List>
        <Tabs.Content value="kinds">
          <Accordion.Root type="multiple" className="divide-y divide-line rounded-2xl border border-line bg-raised">
            {overview.categories.map((category) => (
              <Kind key={category.id} category={category} />
            ))}
          </Accordion.Root>
        </Tabs.Content>
        <Tabs.Content value="california">
          <California categories={overview.categories} listOf={formats.list} />
        </Tabs.Content>
      </Tabs.Root>
    </>
  );
}

function Tab({ value, children }: { value: string; children: ReactNode }) {
  return (
    <Tabs.Trigger
      value={value}
      className="rounded-lg px-3 py-1.5 text-muted data-[state=active]:bg-raised data-[state=active]:text-ink data-[state=active]:shadow-raised"
    >
      {children}
    </Tabs.Trigger>
  );
}

function Kind({ category }: { category: Category }) {
  const { privacy } = useWords();
  const { label, description } = usePolicyWords().classes[category.id as DataClassId];
  const { rows, isAtLeast } = together(category);
  return (
    <Accordion.Item value={category.id}>
      <Accordion.Header>
        <Accordion.Trigger className="group flex w-full items-start gap-4 px-4 py-3.5 text-left sm:px-5">
          <span className="grid min-w-0 flex-1 grid-cols-[1fr_auto] items-baseline gap-x-4">
            <span className="text-[15px] font-medium">{label}</span>
            <span className="text-[14px] text-muted tabular-nums">
              {rows === 0 ? privacy.nothingHeld : privacy.records(rows, isAtLeast)}
            </span>
            <span className="text-[14px] text-pretty text-muted max-sm:col-span-2">{description}</span>
          </span>
          <ChevronDown
            aria-hidden
            size={17}
            className="mt-0.5 shrink-0 text-muted transition-transform group-data-[state=open]:rotate-180"
          />
        </Accordion.Trigger>
      </Accordion.Header>
      <Accordion.Content className="px-4 pb-4 sm:px-5">
        <Details category={category} />
      </Accordion.Content>
    </Accordion.Item>
  );
}

function Details({ category }: { category: Category }) {
  const { formats, privacy } = useWords();
  const policy = usePolicyWords();
  const id = category.id as DataClassId;
  const { basis, rules } = DATA_CLASSES[id] as DataClass;
  const words = policy.classes[id];
  return (
    <Facts layout="table">
      <Fact term={privacy.keptBecause}>{policy.bases[basis]}</Fact>
      {words.purpose && <Fact term={privacy.why}>{words.purpose}</Fact>}
      <Fact term={privacy.howLong}>
        <ul className="grid gap-1.5">
          {rules.map(({ period }, index) => {
            const rule = words.rules[index] as (typeof words.rules)[number];
            return (
              <li key={rule.what}>
                {rule.what}: {privacy.counted({ ...rule, period: periodIn(privacy, period, rule.until) })}
              </li>
            );
          })}
        </ul>
      </Fact>
      {category.tables.length > 0 && (
        <Fact term={privacy.tables}>
          <ul>
            {category.tables.map(({ table, rows, isAtLeast, isExported }) => (
              <li key={table}>
                <code className="text-[13px]">{table}</code>: {isAtLeast && "≥ "}
                {formats.number(rows)}, {isExported ? privacy.inArchive : privacy.notInArchive}
              </li>
            ))}
          </ul>
        </Fact>
      )}
    </Facts>
  );
}

function California({ categories, listOf }: { categories: Category[]; listOf: (items: string[]) => string }) {
  const { privacy } = useWords();
  const { classes } = usePolicyWords();
  const byName = Map.groupBy(categories, ({ id }) => classes[id as DataClassId].california);
  return (
    <ul className="divide-y divide-line rounded-2xl border border-line bg-raised text-[14.5px]">
      {[...byName].map(([name, within]) => (
        <li key={name} className="flex items-start gap-4 px-4 py-3 sm:px-5">
          <span className="min-w-0 flex-1">
            <span className="block">{name}</span>
            <span className="block text-[14px] text-muted">
              {listOf(within.map(({ id }) => classes[id as DataClassId].label))}
            </span>
          </span>
          <span className="shrink-0 text-[14px] text-muted">
            {within.some((category) => together(category).rows > 0) ? privacy.collected : privacy.notCollected}
          </span>
        </li>
      ))}
    </ul>
  );
}

function together({ tables }: Category): { rows: number; isAtLeast: boolean } {
  return {
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    isAtLeast: tables.some(({ isAtLeast }) => isAtLeast),
  };
}
