import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { IndexView } from '../../../contracts/context/search.ts';
import { runs } from '../../command.ts';

interface ReindexOptions {
  readonly namespace?: string;
  readonly status?: true;
  readonly wait?: boolean;
}

/** Time between two looks at how far it has come. */
const lookMs = 2_000;

/** `cadre context reindex` */
export function addIndex(command: (usage: string, description: string) => Command): void {
  command('reindex', 'make the index of the search anew, while the old one is asked')
    .option('--status', 'only show the index, and how far a new one has come')
    .option('--no-wait', 'do not wait until it has taken the place of the old one')
    .addHelpText('after', '\nExamples:\n  $ cadre context reindex\n  $ cadre context reindex --status')
    .action(
      runs<[ReindexOptions]>(async ({ out, client }, { status, wait, ...request }) => {
        const { contexts } = await client();
        const { interruptible } = await import('../../local/interrupt.ts');
        return interruptible(async (signal) => {
          let view = await (status === true ? contexts.index(request) : contexts.reindex(request));
          while (view.build !== undefined && status !== true && wait !== false) {
            out.progress(`${String(view.build.documents)} of about ${String(view.documents)} documents`);
            await sleep(lookMs, undefined, { signal });
            view = await contexts.index(request);
          }
          out.data(view, show);
          return undefined;
        });
      }),
    );
}

function show(view: IndexView): string {
  const { namespace, generation, model, documents, segments, complete_until, set_aside, build } = view;
  const own = `${namespace}: about ${String(documents)} documents in ${String(segments)} segments, made for the ${String(generation)}. time with ${model}`;
  const asides = set_aside.map(({ context_id, reason }) => `\nnot whole: ${context_id} (${reason})`).join('');
  const until = `${complete_until === undefined ? '' : `\ncomplete until ${complete_until}`}${asides}`;
  if (build === undefined) return own + until;
  return `${own}${until}\na new one is made with ${build.model}: ${String(build.documents)} documents since ${build.from}`;
}
