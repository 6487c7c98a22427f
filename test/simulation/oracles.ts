/*
 * What must hold when everything has come to rest, whatever went wrong on the way. Each oracle looks at all that is left
 * and says what is wrong with it; none of them knows what happened.
 */
import { EXEMPT_TABLES, PERSONAL_TABLES } from "../../src/policy/registry.ts";
import type { Told } from "./post.ts";
import { asText, type Remains, type Row } from "./remains.ts";
import { CANARY, type World } from "./world.ts";

/** Most of any limit that one transaction may use. */
const MOST_OF_A_LIMIT = 0.5;

type Oracle = (remains: Remains) => string[];

/** I1: what people wrote, and what was answered, is readable nowhere. */
const nothingInClear: Oracle = ({ tables, components, scheduled, objects, said }) => {
  const places: [string, string[]][] = [
    ...Object.entries(tables).map(([table, rows]): [string, string[]] => [`the table ${table}`, rows.map(asText)]),
    ["a component", components.map(asText)],
    ["scheduled arguments", scheduled.map(asText)],
    ["the bucket", [...objects.values()].map((bytes) => Buffer.from(bytes).toString("latin1"))],
    ["the logs", said],
  ];
  return places
    .filter(([, texts]) => texts.some((text) => text.includes(CANARY)))
    .map(([place]) => `A text is in clear in ${place}`);
};

/** I2: of whoever is gone there is nothing left but what is kept for a reason. */
const goneIsGone: Oracle = ({ tables, components, scheduled, people }) =>
  people.filter(isGone).flatMap(({ name, ids, identityId }) => {
    const named = (rows: Row[], those: string[]) =>
      rows.some((row) => those.some((id) => asText(row).includes(JSON.stringify(id))));
    const left = Object.keys(tables).filter((table) => !mayNameTheGone(table) && named(tables[table] ?? [], ids));
    const identified = Object.keys(tables).filter((table) => named(tables[table] ?? [], [identityId]));
    const elsewhere = named([...components, ...scheduled], [identityId]) ? ["the scheduler or a component"] : [];
    return [...new Set([...left, ...identified, ...elsewhere])].map(
      (place) => `${name} is gone and still named in ${place}`,
    );
  });

/** Whoever is gone at the identity provider, or has been told so, is gone here; and whoever is there, is here. */
const rightPeopleAreGone: Oracle = ({ people, tables }) =>
  people.flatMap(({ name, identityId, ids, isAtProvider, isErased, isPastGrace, mayBeGone }) => {
    const isHere = (tables.users ?? []).some((user) => user.identityId === identityId);
    const wasHere = ids.length > 0;
    if ((isErased || isPastGrace) && (isAtProvider || isHere)) return [`${name} was to be erased and is not`];
    if (!isAtProvider && !mayBeGone) return [`${name} is gone and never asked for it`];
    if (isAtProvider && wasHere && !isHere) return [`${name} is alive and was erased`];
    return !isAtProvider && isHere ? [`${name} was deleted at the identity provider and is still here`] : [];
  });

/** I3: whoever did nothing has what they had, byte for byte. */
const othersAreUntouched: Oracle = ({ bystander: { before, after } }) => {
  const lost = before.filter((each) => !after.includes(each));
  const added = after.filter((each) => !before.includes(each));
  return [
    ...lost.map((each) => `The bystander lost ${shortened(each)}`),
    ...added.map((each) => `The bystander got ${shortened(each)}`),
  ];
};

/** I4: each erasure that is over has its receipt and its tombstone, and nothing else came of it. */
const receiptsMatchTombstones: Oracle = ({ tables }) => {
  const receipts = subjectsIn(tables.erasureReceipts);
  const tombstones = subjectsIn(tables.identityTombstones);
  return receipts.join() === tombstones.join() ? [] : ["Receipts and tombstones are not of the same people"];
};

/** I5: nothing happened twice that was told twice. */
const onceEach: Oracle = ({ tables }) => [
  ...twice("webhooks of one id", tables.webhookInbox, "messageId"),
  ...twice("receipts of one person", tables.erasureReceipts, "subject"),
  ...twice("charges for one thing", tables.usageEvents, "subject"),
  ...twice("entries of one key", tables.creditEntries, "key"),
  ...twice("messages of one request", tables.messages, "recordId"),
  ...twice("jobs of one request", tables.mediaJobs, "recordId"),
  ...twice("accounts of one identity", tables.users, "identityId"),
  ...twice("keys of one person", tables.userKeys, "ownerId"),
];

/** I6: credits add up, nothing is held for ever, and nobody owes any. */
const creditsAddUp: Oracle = ({ tables }) => {
  const owners = new Set((tables.creditEntries ?? []).map(({ ownerId }) => ownerId));
  return [...owners].flatMap((owner) => {
    const entries = (tables.creditEntries ?? []).filter(({ ownerId }) => ownerId === owner) as unknown as LedgerEntry[];
    const inOrder = entries.sort((a, b) => a.seq - b.seq);
    const after = inOrder.at(-1)?.after as LedgerEntry["after"];
    const sum = inOrder.reduce((total, { credits }) => total + credits, 0);
    return [
      ...(sum === after.balance ? [] : [`A ledger adds up to ${sum} and says ${after.balance}`]),
      ...(inOrder.every(({ after: { balance, held } }) => balance >= held && held >= 0)
        ? []
        : ["More was spent than there was"]),
      ...(after.held === 0 && after.openReplies === 0 && after.openJobs === 0 ? [] : ["Credits are held for nothing"]),
      ...(inOrder.every(({ seq }, index) => seq === index + 1) ? [] : ["A ledger has gaps"]),
    ];
  });
};

/** I6: what was made was charged once, and what came to nothing was not. */
const workIsCharged: Oracle = ({ tables }) => {
  const settled = new Set((tables.creditEntries ?? []).filter(({ kind }) => kind === "settle").map(({ key }) => key));
  const isSettled = ({ _id }: Row, attempt: number) => settled.has(`job:${_id}:${attempt}:end`);
  const attempts = (job: Row) => Array.from({ length: Number(job.attempt) }, (_, index) => index + 1);
  const wrong = (tables.mediaJobs ?? []).filter((job) => {
    const charged = attempts(job).filter((attempt) => isSettled(job, attempt)).length;
    return charged !== (job.state === "done" ? 1 : 0);
  });
  return wrong.map(({ state }) => `A job that is ${state} was not charged as it should be`);
};

/** I5: the newest word counts, in whatever order words came. */
const newestWordCounts: Oracle = ({ people, tables, told }) =>
  people.flatMap(({ name, identityId, isAtProvider, signedInAtMs }) => {
    const user = (tables.users ?? []).find((row) => row.identityId === identityId);
    if (!isAtProvider || !user) return [];
    const updates = told.filter(({ type, data }) => type === "user.updated" && (data as UserJson).id === identityId);
    const [newest] = updates.toSorted((a, b) => updatedAt(b) - updatedAt(a));
    const isKnown = newest && newest.takenAtMs > signedInAtMs;
    return !isKnown || user.name === nameOf(newest) ? [] : [`${name} is not called as they were last told to be`];
  });

/** I5: so it is with what was sold. */
const newestSaleCounts: Oracle = ({ people, tables, told }) =>
  people
    .filter(({ isAtProvider }) => isAtProvider)
    .flatMap(({ name, identityId }) => {
      const mirror = (tables.subscriptions ?? []).find((row) => row.identityId === identityId);
      const sales = told.filter(({ data }) => (data as SaleJson).payer?.user_id === identityId);
      const newest = new Map(sales.toSorted((a, b) => a.atMs - b.atMs).map(({ data }) => saleOf(data)));
      const wrong = ((mirror?.items ?? []) as MirroredItem[]).filter(
        ({ itemId, status }) => newest.get(itemId) !== status,
      );
      const known = new Set(((mirror?.items ?? []) as MirroredItem[]).map(({ itemId }) => itemId));
      // What is over is forgotten some time later.
      const isLost = [...newest].some(([itemId, status]) => status === "active" && !known.has(itemId));
      return [
        ...wrong.map(({ status }) => `What ${name} was sold is ${status}, which was not the last word`),
        ...(isLost ? [`What ${name} was sold is not known`] : []),
      ];
    });

/** I7: everything that was begun has ended. */
const everythingEnded: Oracle = ({ tables, scheduled, openUploads }) => {
  const restricted = new Set((tables.users ?? []).filter(isRestricted).map(({ _id }) => _id));
  const underWay = {
    erasureJobs: () => true,
    generations: () => true,
    deltas: () => true,
    uploads: () => true,
    objectDeletes: () => true,
    orderReturns: () => true,
    creditAlerts: () => true,
    mediaJobs: ({ state }: Row) => ["queued", "running", "storing"].includes(String(state)),
    exports: ({ state }: Row) => state === "building",
    messages: ({ state }: Row) => state === "streaming",
    // What belongs to somebody whose data may only be stored is left as it is.
    media: ({ thumbnail, state, ownerId }: Row) =>
      (thumbnail === "due" || state === "loose") && !restricted.has(String(ownerId)),
    threads: ({ state }: Row) => state === "erasing",
    users: ({ state }: Row) => state === "erasing",
  };
  const open = Object.entries(underWay).flatMap(([table, isOpen]) => {
    const count = (tables[table] ?? []).filter(isOpen).length;
    return count > 0 ? [`${count} rows of ${table} have not ended`] : [];
  });
  const jobs = scheduled.filter(({ state }) => ["pending", "inProgress"].includes((state as { kind: string }).kind));
  const late = jobs.map(({ name }) => `${name} is still to run`);
  return [...open, ...late, ...(openUploads > 0 ? ["An upload in parts is open"] : [])];
};

/** I8: every object has a row, and every row its object; every child its parent. */
const objectsMatchRows: Oracle = ({ tables, objects }) => {
  const rows = [...(tables.objects ?? []), ...(tables.exportPieces ?? [])];
  const keys = new Set(rows.map(({ key }) => key as string));
  const orphans = PARENTS.flatMap(({ child, field, parent }) => {
    const parents = new Set((tables[parent] ?? []).map(({ _id }) => _id));
    const lost = (tables[child] ?? []).filter((row) => row[field] !== undefined && !parents.has(row[field] as string));
    return lost.length > 0 ? [`${lost.length} rows of ${child} have no ${parent}`] : [];
  });
  return [
    ...[...objects.keys()].filter((key) => !keys.has(key)).map(() => "An object has no row"),
    ...[...keys].filter((key) => !objects.has(key)).map(() => "A row has no object"),
    ...orphans,
  ];
};

/** I8: when all jobs are over, their provider has nothing left of them, whosever they were. */
const ordersAreGivenBack: Oracle = ({ films }) => (films === 0 ? [] : [`A provider still has ${films} films`]);

/** I8, at any time: some row names every object, so that whatever happens next somebody knows of it. */
export function unnamedObjects(tables: Remains["tables"], { contents, late }: World["objects"]): string[] {
  const naming = ["objects", "uploads", "exportPieces", "objectDeletes"].flatMap((table) => tables[table] ?? []);
  const named = new Set(naming.map(({ key }) => key as string));
  const lost = [...contents.keys()].filter((key) => !named.has(key) && !late.has(key));
  return lost.length > 0 ? [`I8 No row names ${lost.length} objects`] : [];
}

/** I9: what is kept is there and whole, and what is not is gone. */
const keptIsWhole: Oracle = ({ people, tables }) =>
  people.flatMap(({ name, chats, isAtProvider }) =>
    chats.flatMap(({ id, texts, isPlain, should, shown }) => {
      const isThere = (tables.threads ?? []).some(({ _id }) => _id === id);
      if (should === "be gone" && isThere) return [`A chat of ${name}'s should be gone`];
      if (should === "be kept" && isAtProvider && !isThere) return [`A chat that ${name} had restricted is gone`];
      if (should !== "be" || !isAtProvider) return [];
      if (!isThere || !shown) return [`A chat of ${name}'s is lost`];
      return isPlain && !texts.every((text) => shown.includes(text)) ? [`Something ${name} said is lost`] : [];
    }),
  );

/** I11: no transaction comes near a limit. */
const withinLimits: Oracle = ({ largestTransaction: { name, share } }) =>
  share <= MOST_OF_A_LIMIT ? [] : [`${name} used ${Math.round(share * 100)} % of a limit`];

/** Once the master key was rotated, nothing is left that the old one opens. */
const keysAreOfTheActive: Oracle = ({ tables, activeKid }) => {
  const old = (tables.userKeys ?? []).filter(({ kid }) => kid !== activeKid);
  return old.length > 0 ? [`${old.length} keys are wrapped with an old master key`] : [];
};

/** I12: no nonce was used for two plaintexts. */
const noncesAreFresh: Oracle = ({ reusedNonces }) =>
  reusedNonces === 0 ? [] : [`${reusedNonces} nonces were used twice`];

/** The oracles, by the invariants they watch. I10, that nothing is served after its time, is watched as it is served. */
export const ORACLES: Record<string, Oracle[]> = {
  I1: [nothingInClear],
  I2: [goneIsGone, rightPeopleAreGone],
  I3: [othersAreUntouched],
  I4: [receiptsMatchTombstones],
  I5: [onceEach, newestWordCounts, newestSaleCounts],
  I6: [creditsAddUp, workIsCharged],
  I7: [everythingEnded],
  I8: [objectsMatchRows, ordersAreGivenBack],
  I9: [keptIsWhole],
  I11: [withinLimits],
  I12: [noncesAreFresh, keysAreOfTheActive],
};

/** All that is wrong, each finding with the invariant it breaks. */
export function judge(remains: Remains): string[] {
  return Object.entries(ORACLES).flatMap(([name, oracles]) =>
    oracles.flatMap((oracle) => oracle(remains)).map((finding) => `${name} ${finding}`),
  );
}

interface UserJson {
  id: string;
  first_name: string;
  last_name: string;
  updated_at: number;
}

interface SaleJson {
  payer?: { user_id: string };
  items: [{ id: string; status: string }];
}

interface MirroredItem {
  itemId: string;
  status: string;
}

function updatedAt({ data }: Told): number {
  return (data as UserJson).updated_at;
}

function nameOf({ data }: Told): string {
  const { first_name: first, last_name: last } = data as UserJson;
  return `${first} ${last}`;
}

function saleOf(data: object): [itemId: string, status: string] {
  const [{ id, status }] = (data as SaleJson).items;
  return [id, status];
}

interface LedgerEntry {
  seq: number;
  credits: number;
  after: { balance: number; held: number; openReplies: number; openJobs: number };
}

const PARENTS = [
  { child: "messages", field: "threadId", parent: "threads" },
  { child: "threadKeys", field: "threadId", parent: "threads" },
  { child: "branches", field: "threadId", parent: "threads" },
  { child: "forks", field: "threadId", parent: "threads" },
  { child: "media", field: "threadId", parent: "threads" },
  { child: "objects", field: "mediaId", parent: "media" },
  { child: "exportPieces", field: "exportId", parent: "exports" },
  { child: "threads", field: "ownerId", parent: "users" },
  { child: "media", field: "ownerId", parent: "users" },
  { child: "mediaJobs", field: "ownerId", parent: "users" },
  { child: "userKeys", field: "ownerId", parent: "users" },
] as const;

function isRestricted({ state, reopensAs }: Row): boolean {
  return state === "restricted" || reopensAs === "restricted";
}

function isGone({ isAtProvider }: Remains["people"][number]): boolean {
  return !isAtProvider;
}

/** Tables that may go on naming somebody by the id their account had. */
function mayNameTheGone(table: string): boolean {
  return table in EXEMPT_TABLES || PERSONAL_TABLES[table]?.erasure.act === "keep";
}

function subjectsIn(rows: Row[] = []): string[] {
  return rows.map(({ subject }) => String(subject)).sort();
}

function twice(what: string, rows: Row[] = [], field: string): string[] {
  const values = rows.flatMap((row) => row[field] ?? []);
  return new Set(values).size === values.length ? [] : [`There are two ${what}`];
}

function shortened(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
