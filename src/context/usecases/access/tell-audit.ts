import type { ContextAnswer, ContextOperationName } from '../../../contracts/context/operations.ts';
import type { Caller, ContextDeps, DocumentVersion } from '../../ports.ts';

/** What a request tells of itself to the audit, whatever operation it is. */
export interface Told {
  readonly namespace: string;
  readonly context_id?: string | undefined;
  readonly version?: number | undefined;
  readonly subject?: string | undefined;
  readonly dry_run?: boolean | undefined;
}

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

/** Writes to the audit, and never fails what it tells about: a row that cannot be written is lost, the work is not. */
async function tell(
  deps: ContextDeps,
  caller: Caller,
  action: ContextOperationName,
  { namespace, subject, context_id, version }: Told,
  { outcome, about }: { readonly outcome: 'allowed' | 'refused'; readonly about?: readonly DocumentVersion[] },
): Promise<void> {
  const { principal, correlation_id } = caller;
  const [only, ...more] = about ?? [];
  const one = only === undefined ? { context_id, version } : { context_id: only.context_id, version: only.version };
  const documents = about?.map((document) => ({ context_id: document.context_id, version: document.version }));
  const named = more.length === 0 ? one : { documents };
  const known = Object.entries({ ...named, subject }).filter(([, value]) => value !== undefined);
  const at = new Date(deps.sources.now()).toISOString();
  const entry = { at, principal, action, outcome, correlation_id, ...Object.fromEntries(known) };
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
  const aboutOf = reads[name] ?? writes[name];
  if (aboutOf === undefined) return;
  const policy = (await deps.documents.namespace(told.namespace))?.policy;
  const oneIn = policy?.audit_reads_one_in ?? 0;
  const isSampled = oneIn > 0 && name in reads && deps.sources.random() < 1 / oneIn;
  const isWanted = name in reads ? isSampled : policy?.audit_writes === true;
  if (!isWanted) return;
  const about = aboutOf(answer, told);
  if (about.length > 0 || name in reads) await tell(deps, caller, name, told, { outcome: 'allowed', about });
}
