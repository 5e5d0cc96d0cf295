import { randomUUID } from 'node:crypto';
import type { ContextAnswer, ContextRequest } from '../../contracts/context/operations.ts';
import type { ContextDocument } from '../../contracts/context/context.ts';
import { defaultNamespace } from '../../contracts/context/names.ts';
import type { OfflineEdit, VersionVector } from '../../contracts/context/sync.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import { syncedEditsMax } from '../../contracts/limits.ts';
import type { ContextCalls } from '../client/context-calls.ts';

/** A document that was taken along: as it was stored, as it is here, and the edits between. */
interface Taken {
  readonly namespace: string;
  readonly context_id: string;
  base_version: number;
  /** Edits of each writer that are in the data here, its own that have not landed too. */
  vector: VersionVector;
  data: Json;
  edits: OfflineEdit[];
}

/** All that a writer must keep while it is away: plain JSON, for a file. */
export interface OfflineState {
  /** The name under which the edits are counted; no two writers may share it. */
  readonly writer: string;
  readonly documents: readonly Readonly<Taken>[];
}

/** What became of the edits of one document. */
export type SyncedDocument = Pick<ContextAnswer<'sync'>, 'outcome' | 'items' | 'document'>;

/** Documents that are edited without the server, and brought together with what others wrote. */
export interface OfflineEdits {
  /** Takes a document along as it is now. Its edits, if there are any, stay. */
  take(document: { readonly context_id: string; readonly namespace?: string }): Promise<Json>;
  /** The data with all edits made here. */
  read(document: { readonly context_id: string; readonly namespace?: string }): Json;
  /** Notes a change of the data; nothing is sent. */
  edit(document: { readonly context_id: string; readonly namespace?: string }, change: (data: Json) => Json): Json;
  /** Sends the edits in their order. What does not come through is kept, and the next call sends it again. */
  sync(): Promise<readonly SyncedDocument[]>;
  /** For a file: `offlineEdits` goes on from it. */
  state(): OfflineState;
}

const sameDocument = (one: Pick<Taken, 'namespace' | 'context_id'>) => (other: Taken) =>
  one.namespace === other.namespace && one.context_id === other.context_id;

function countersOf({ vector }: ContextDocument): VersionVector {
  return Object.fromEntries(Object.entries(vector?.writers ?? {}).map(([name, { counter }]) => [name, counter]));
}

/** Numbers the edits anew behind the last one that the server knows of, which forgets a writer for more recent ones. Their ids tell it which it has. */
function renumber(taken: Taken, writer: string, landed: number): void {
  taken.edits = taken.edits.map((edit, index) => ({
    ...edit,
    vector: { ...edit.vector, [writer]: landed + index + 1 },
  }));
  taken.vector = { ...taken.vector, [writer]: landed + taken.edits.length };
}

/** Sends the first edits of a document; takes over what is stored once none is left. */
async function syncTaken(contexts: Pick<ContextCalls, 'sync'>, writer: string, taken: Taken): Promise<SyncedDocument> {
  const { namespace, context_id, base_version } = taken;
  const sent = taken.edits.slice(0, syncedEditsMax);
  const request: ContextRequest<'sync'> = { namespace, context_id, writer, base_version, edits: sent };
  const { outcome, items, document, missing } = await contexts.sync(request);
  const landed = sent[items.length - 1];
  taken.edits = taken.edits.slice(items.length);
  const [next] = taken.edits;
  if (next !== undefined) {
    // Edits that were made from the ones that landed: those are their base, whatever the server has merged since.
    if (next.base === undefined && landed !== undefined) taken.edits[0] = { ...next, base: landed.data };
  } else {
    taken.base_version = document.version;
    taken.data = document.data;
    taken.vector = countersOf(document);
  }
  if (missing?.[writer] !== undefined) renumber(taken, writer, document.vector?.writers[writer]?.counter ?? 0);
  return { outcome, items, document };
}

/**
 * Edits documents without the server. `writer` names this device or process; give back `state` to go on after a restart. Throws `not-found` for a document
 * that was not taken along.
 */
export function offlineEdits(
  contexts: Pick<ContextCalls, 'get' | 'sync'>,
  { writer, documents = [] }: Pick<OfflineState, 'writer'> & Partial<OfflineState>,
): OfflineEdits {
  const all: Taken[] = documents.map((taken) => structuredClone(taken) as Taken);
  const takenOf = ({ namespace = defaultNamespace, context_id }: { namespace?: string; context_id: string }): Taken => {
    const taken = all.find(sameDocument({ namespace, context_id }));
    if (taken === undefined) throw new CadreError('not-found', `${context_id} was not taken along`);
    return taken;
  };
  return {
    async take({ namespace = defaultNamespace, context_id }) {
      const known = all.find(sameDocument({ namespace, context_id }));
      if (known !== undefined && known.edits.length > 0) return structuredClone(known.data);
      const answer = await contexts.get({ namespace, context_id });
      if (answer.unchanged) throw new CadreError('internal', 'a read without a known version is never unchanged');
      const { document } = answer;
      const { version, data } = document;
      const taken: Taken = {
        namespace,
        context_id,
        base_version: version,
        vector: countersOf(document),
        data,
        edits: [],
      };
      if (known === undefined) all.push(taken);
      else Object.assign(known, taken);
      return structuredClone(data);
    },
    read: (document) => structuredClone(takenOf(document).data),
    edit(document, change) {
      const taken = takenOf(document);
      const data = structuredClone(change(structuredClone(taken.data)));
      taken.vector = { ...taken.vector, [writer]: (taken.vector[writer] ?? 0) + 1 };
      const edit = { operation_id: randomUUID(), vector: taken.vector, data };
      taken.edits.push(taken.edits.length === 0 ? { ...edit, base: taken.data } : edit);
      taken.data = data;
      return structuredClone(data);
    },
    async sync() {
      const answers: SyncedDocument[] = [];
      for (const taken of all) {
        // What is missing comes from others, with another call; own numbers that the server had forgotten are mended by the second one.
        for (let idle = 0; taken.edits.length > 0 && idle < 2;) {
          const answer = await syncTaken(contexts, writer, taken);
          answers.push(answer);
          idle = answer.items.length === 0 ? idle + 1 : 0;
        }
      }
      return answers;
    },
    state: () => structuredClone({ writer, documents: all }),
  };
}
