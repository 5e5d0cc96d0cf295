import { type Command, Option } from 'commander';
import type { SearchHit } from '../../../contracts/context/search.ts';
import { searchHitsMax } from '../../../contracts/limits.ts';
import { runs } from '../../command.ts';
import { moment, wholeNumber } from '../../option-values.ts';
import { showTime } from '../../output.ts';

interface SearchOptions {
  readonly namespace?: string;
  readonly mode?: 'text' | 'vector' | 'hybrid';
  readonly type?: string[];
  readonly tag?: string[];
  readonly under?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
}

const repeated = (flags: string, description: string) =>
  new Option(flags, `${description}; may be repeated`).argParser((value: string, before: string[] | undefined) => [
    ...(before ?? []),
    value,
  ]);

/** `cadre context search TEXT` */
export function addSearch(command: (usage: string, description: string) => Command): void {
  command('search <text>', 'find documents by words, by likeness, or by both')
    .addOption(new Option('--mode <mode>', 'how to rank (default: hybrid)').choices(['text', 'vector', 'hybrid']))
    .addOption(repeated('--type <type>', 'only documents of this type'))
    .addOption(repeated('--tag <tag>', 'only documents with this tag'))
    .option('--under <id>', 'only this document and those below it')
    .option('--from <time>', 'changed at this time or later', moment)
    .option('--to <time>', 'changed at this time or earlier', moment)
    .option('--limit <count>', `hits, at most ${String(searchHitsMax)} (default: 10)`, wholeNumber(1, searchHitsMax))
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context search 'lease expiry' --type decision_log --under project
  $ cadre context search 'lease expiry' --mode text --from 2026-11-01T00:00:00Z --limit 5`,
    )
    .action(
      runs<[string, SearchOptions]>(async ({ out, client }, text, { type, tag, ...options }) => {
        const answer = await (
          await client()
        ).contexts.search({
          text,
          ...options,
          ...(type === undefined ? {} : { types: type }),
          ...(tag === undefined ? {} : { tags: tag }),
        });
        out.data(answer, ({ items }) => (items.length === 0 ? 'Nothing was found.' : items.map(showHit).join('\n\n')));
        return undefined;
      }),
    );
}

function showHit({ context_id, context_type, version, updated_at, excerpt }: SearchHit): string {
  const lines = excerpt.split('\n').map((line) => `  ${line}`);
  return [`${context_id}  ${context_type}, version ${String(version)}, ${showTime(updated_at)}`, ...lines].join('\n');
}
