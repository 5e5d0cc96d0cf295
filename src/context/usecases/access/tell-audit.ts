import type { ContextAnswer, ContextOperationName } from '../../../contracts/context/operations.ts';
import type { Caller, ContextDeps, DocumentVersion } from '../../ports.ts';

/** What a request tells of itself to the audit, whatever operation it is. */
export interface Told {
  readonly namespace: string;
  readonly context_id?: string | undefined;
  readonly version?: number | undefined;
  readonly subject?: string | undefined;
  readonly dry_run?: boolean | undefined;
  readonly context_ids?: readonly string[] | undefined;
}

/** A document that an entry is about; of one that was refused no version is told. */
type About = { readonly context_id: string; readonly version?: number };

/** The documents that an answer is about. */
type AboutOf = { readonly [N in ContextOperationName]?: (answer: ContextAnswer<N>, told: Told) => DocumentVersion[] };

/** What gives data to its caller. */
const reads: AboutOf = {
  get: (answer) => [answer.unchanged ? answer.head : answer.document],
  batch: ({ items, unchanged = [] }) => [
    ...unchanged.map(({ head }) => head),
    ...items.flatMap((item) => (item.ok ? [item.value] : [])),
  ],
  search: ({ items }) => items,
  assemble: ({ pieces }) => pieces,
  diff: ({ to: version }, { context_id = '' }) => [{ context_id, version }],
  conflicts: ({ items }) => items,
};

/** The version whose data a late change is answered with. */
const given = (answer: ContextAnswer<'put'>): DocumentVersion[] =>
  answer.outcome === 'stale' || answer.outcome === 'conflict' ? [answer.head] : [];

/** What changes documents, and gives data with its answer. */
const readsOfWrites: AboutOf = { put: given, patch: given, sync: ({ document }) => [document] };

/** A change that was refused as stale wrote nothing. */
const changed = (answer: ContextAnswer<'put'>): DocumentVersion[] => (answer.outcome === 'stale' ? [] : [answer.head]);

/** What changes documents. */
const writes: AboutOf = {
  create: changed,
  put: changed,
  patch: changed,
  append: changed,
  delete: changed,
  erase: changed,
  hold: changed,
  release: changed,
  restore: changed,
  fork: changed,
  sync: ({ items, document }) => (items.length === 0 ? [] : [document]),
  transaction: (answer) => (answer.outcome === 'stale' ? [] : answer.heads),
  rewind: ({ items }, { dry_run }) =>
    items
      .filter(({ outcome }) => dry_run !== true && (outcome === 'restored' || outcome === 'deleted'))
      .map(({ context_id, from }) => ({ context_id, version: from + 1 })),
};

/** Operations on all the data of somebody, or of everybody. */
const alwaysTold: readonly ContextOperationName[] = ['export', 'forget', 'reindex'];

const defined = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;

/** The documents of a batch that its caller may not read: the batch is answered all the same. */
function refusedOf({ items, unchanged = [] }: ContextAnswer<'batch'>, { context_ids = [] }: Told): About[] {
  const known = new Set(unchanged.map(({ head }) => head.context_id));
  const asked = context_ids.filter((context_id) => !known.has(context_id));
  return items.flatMap((item, at) =>
    item.ok || item.error.code !== 'forbidden' ? [] : { context_id: asked[at] ?? '' },
  );
}

/** Writes to the audit, and never fails what it tells about: a row that cannot be written is lost, the work is not. */
async function tell(
  deps: ContextDeps,
  caller: Caller,
  action: ContextOperationName,
  { namespace, subject, context_id, version }: Told,
  { outcome, about }: { readonly outcome: 'allowed' | 'refused'; readonly about?: readonly About[] },
): Promise<void> {
  const { principal, correlation_id } = caller;
  const [only, ...more] = about ?? [];
  const one = only === undefined ? { context_id, version } : { context_id: only.context_id, version: only.version };
  const documents = about?.map((document) => defined({ context_id: document.context_id, version: document.version }));
  const named = more.length === 0 ? one : { documents };
  const at = new Date(deps.sources.now()).toISOString();
  const entry = { at, principal, action, outcome, correlation_id, ...defined({ ...named, subject }) };
  await deps.documents.audit(namespace, deps.sources.id(), entry).catch(() => undefined);
}

/** Tells the audit who was refused what. */
export async function tellRefusal(deps: ContextDeps, caller: Caller, name: ContextOperationName, told: Told) {
  await tell(deps, caller, name, told, { outcome: 'refused' });
}

/** Tells the audit what was done with which documents, as far as the namespace's policy wants to have that there. */
export async function tellDone<N extends ContextOperationName>(
  deps: ContextDeps,
  caller: Caller,
  name: N,
  told: Told,
  answer: ContextAnswer<N>,
): Promise<void> {
  if (alwaysTold.includes(name)) return tell(deps, caller, name, told, { outcome: 'allowed' });
  const refused = name === 'batch' ? refusedOf(answer as ContextAnswer<'batch'>, told) : [];
  if (refused.length > 0) await tell(deps, caller, name, told, { outcome: 'refused', about: refused });
  const readsOf = reads[name] ?? readsOfWrites[name];
  if (readsOf === undefined && writes[name] === undefined) return;
  const policy = (await deps.documents.namespace(told.namespace))?.policy;
  const written = policy?.audit_writes === true ? (writes[name]?.(answer, told) ?? []) : [];
  if (written.length > 0) return tell(deps, caller, name, told, { outcome: 'allowed', about: written });
  const oneIn = policy?.audit_reads_one_in ?? 0;
  const read = readsOf?.(answer, told) ?? [];
  const isRead = read.length > 0 || (name in reads && refused.length === 0);
  const isSampled = isRead && oneIn > 0 && deps.sources.random() < 1 / oneIn;
  if (isSampled) await tell(deps, caller, name, told, { outcome: 'allowed', about: read });
}
