import type * as z from 'zod';
import type { indexAnswer, indexRequest } from '../../../contracts/context/search.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { segmentFormat } from '../../core/search/segment.ts';
import type { LoadedIndex, SearchDeps, SetAside } from '../../index-ports.ts';
import type { Caller } from '../../ports.ts';
import { forAdmin } from '../access/guard-namespace.ts';

type IndexAnswer = z.output<typeof indexAnswer>;

/** Times that a beginning is tried again when somebody else began at the same moment. */
const attemptsMax = 5;
/** Documents set aside that are shown. */
const asidesMax = 20;
/** The end of the year 9999: a time that no document waits for. */
const ever = 253_402_300_799_999;

/**
 * Has the index of a namespace made anew beside the one that is asked, as this deployment makes them, in place of a making that is under way. `from`
 * (epoch milliseconds): when the documents are as the new index is to have them; now, when nothing is said. Where there is no index yet, none is made.
 */
export async function beginRebuild(deps: SearchDeps, namespace: string, from?: number): Promise<void> {
  const { index, embedders } = await deps.indexes();
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const { state, manifest, recent } = await index.load(namespace);
    if (manifest.revision === 0 && recent.length === 0) return;
    const now = deps.sources.now();
    const build = { generation: state.last + 1, format: segmentFormat, model: embedders.model, from: from ?? now };
    // The timer before the build: a crash between them leaves a look too many, and no build that nobody goes on with.
    await deps.sweeps.arm(namespace, new Date(build.from).toISOString());
    if (await index.begin(namespace, build, now)) return;
  }
  throw new CadreError('version-conflict', `several have the index of ${namespace} made anew at once`, {
    path: 'namespace',
  });
}

const time = (ms: number) => new Date(ms).toISOString();

function view(
  namespace: string,
  { state, making, manifest, recent, build }: LoadedIndex,
  asides: readonly SetAside[],
): IndexAnswer {
  const { generation, model } = making;
  const documents = manifest.segments.reduce((sum, segment) => sum + segment.documents, 0) + recent.length;
  return {
    namespace,
    generation,
    model,
    documents,
    segments: manifest.segments.length,
    ...(state.caughtUpAt === 0 ? {} : { complete_until: time(state.caughtUpAt) }),
    set_aside: asides.map(({ id, reason, tries, at }) => ({ context_id: id, reason, tries, next: time(at) })),
    ...(state.build === undefined
      ? {}
      : {
          build: {
            generation: state.build.generation,
            model: state.build.model,
            from: time(state.build.from),
            documents: build?.manifest.walk?.documents ?? 0,
          },
        }),
  };
}

/** The index of a namespace, and how far a new one has come, for admins. `documents` counts versions that are not merged yet too. */
export async function showIndex(
  deps: SearchDeps,
  caller: Caller,
  { namespace }: z.output<typeof indexRequest>,
): Promise<IndexAnswer> {
  await forAdmin(deps, caller, namespace);
  const { index } = await deps.indexes();
  const [loaded, asides] = await Promise.all([index.load(namespace), index.asides(namespace, ever, asidesMax)]);
  return view(namespace, loaded, asides);
}

/** Begins to make the index of a namespace anew, for admins; while one is being made, it is that one. Answers like `showIndex`. */
export async function reindex(
  deps: SearchDeps,
  caller: Caller,
  request: z.output<typeof indexRequest>,
): Promise<IndexAnswer> {
  const before = await showIndex(deps, caller, request);
  if (before.build !== undefined) return before;
  await beginRebuild(deps, request.namespace);
  return showIndex(deps, caller, request);
}
