import { type Command, Option } from 'commander';
import type { Json } from '../../../contracts/json.ts';
import { runs } from '../../command.ts';
import { addAudit } from './context-audit.ts';
import { addAssemble } from './context-assemble.ts';
import { addLineage } from './context-lineage.ts';
import { addLifecycle } from './context-lifecycle.ts';
import { addSubjects } from './context-subjects.ts';
import { addSnapshots } from './context-snapshots.ts';
import { addTypes } from './context-types.ts';
import { addIndex } from './context-index.ts';
import { addSearch } from './context-search.ts';
import { pageOf, type PageOptions, paged, tellMore } from '../../listing.ts';
import { wholeNumber } from '../../option-values.ts';
import { showTime, table } from '../../output.ts';
import { readJsonArgument } from '../../read-input.ts';
import { exitOfChange, showChange } from './show-change.ts';
import { addMoreOfContext } from './context-more.ts';

const version = wholeNumber(1, Number.MAX_SAFE_INTEGER);

interface ContextOptions extends PageOptions {
  readonly namespace?: string;
  readonly type?: string;
  readonly tag?: string[];
  readonly subject?: string;
  readonly version?: number;
  readonly pointer?: string;
  readonly expect?: number;
  readonly merge?: boolean;
}

/** Options that were given, under the names of the API. */
function given(options: ContextOptions): PageOptions & { namespace?: string } {
  const { namespace } = options;
  return { ...(namespace === undefined ? {} : { namespace }), ...pageOf(options) };
}

/** `cadre context get|create|put|delete|history|conflicts`, and more. */
export function addContext(program: Command): void {
  const group = program
    .command('context')
    .summary('shared documents with history: read, write, merge, search')
    .description('shared documents with history: read, write, merge, look back')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context create project/alpha '{"name":"Alpha"}' --type project_metadata --tag team-a
  $ cadre context get project/alpha --pointer /name
  $ cadre context put project/alpha @alpha.json --expect 1 --merge
  $ cadre context history project/alpha
  $ cadre context assemble 'why do leases expire' --pin project/alpha --agent bob --budget 4000
  $ cadre context lineage project/alpha --version 17 --format mermaid
  $ cadre context search 'lease expiry' --type decision_log --under project`,
    );
  const command = (usage: string, description: string) =>
    group.command(usage).description(description).option('--namespace <name>', 'the namespace (default: default)');
  addReads(command);
  addSearch(command);
  addIndex(command);
  addAssemble(command);
  addChanges(command);
  addMoreOfContext(command);
  addLifecycle(command);
  addSubjects(command);
  addTypes(group);
  addSnapshots(group);
  addLineage(command);
  addAudit(command);
}

type MakeCommand = (usage: string, description: string) => Command;

function addReads(command: MakeCommand): void {
  command('get <id>', 'show a document')
    .option('--version <number>', 'an older version', version)
    .option('--pointer <pointer>', 'only this part of the data (JSON Pointer)')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context get project/alpha --pointer /name
  $ cadre context get project/alpha --version 3`,
    )
    .action(
      runs<[string, ContextOptions]>(async ({ out, client }, context_id, options) => {
        const { version: number, pointer } = options;
        const answer = await (
          await client()
        ).contexts.get({
          context_id,
          ...given(options),
          ...(number === undefined ? {} : { version: number }),
          ...(pointer === undefined ? {} : { pointer }),
        });
        if (!answer.unchanged) out.data(answer.document, ({ data }) => JSON.stringify(data, null, 2));
        return undefined;
      }),
    );
  for (const name of ['history', 'conflicts'] as const) {
    const what = name === 'history' ? 'list the versions, newest first' : 'list changes that could not be merged';
    paged(command(`${name} <id>`, what), 'entries')
      .addHelpText('after', `\nExample:\n  $ cadre context ${name} project/alpha`)
      .action(
        runs<[string, ContextOptions]>(async ({ out, client }, context_id, options) => {
          const { contexts } = await client();
          const request = { context_id, ...given(options) };
          const page = name === 'history' ? await contexts.history(request) : await contexts.conflicts(request);
          out.data(page, ({ items }) =>
            table(
              ['VERSION', 'WHAT', 'AT', 'BY'],
              items.map((item) => [
                String(item.version),
                'kind' in item
                  ? item.kind
                  : `${item.conflict_id}: ${item.conflicts.map(({ path }) => path).join(', ')}`,
                showTime(item.at),
                item.by,
              ]),
            ),
          );
          tellMore(out, page);
          return undefined;
        }),
      );
  }
}

function addChanges(command: MakeCommand): void {
  const tags = () =>
    new Option('--tag <tag>', 'a tag; may be repeated').argParser((tag: string, before: string[] | undefined) => [
      ...(before ?? []),
      tag,
    ]);
  command('create <id> <json>', 'create a document; the data is JSON or @FILE')
    .requiredOption('--type <type>', 'its type, for example knowledge')
    .option('--subject <id>', 'whose data it has')
    .addOption(tags())
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context create project/alpha '{"name":"Alpha"}' --type project_metadata --tag team-a
  $ cadre context create people/alice/notes @notes.json --type knowledge --subject alice@example.com`,
    )
    .action(
      runs<[string, string, ContextOptions]>(async ({ out, client }, context_id, json, options) => {
        const data = (await readJsonArgument(json, 'data')) as Json;
        const { type = '', tag, subject } = options;
        const request = {
          context_id,
          context_type: type,
          data,
          ...given(options),
          ...(tag === undefined ? {} : { tags: tag }),
          ...(subject === undefined ? {} : { subject }),
        };
        out.data(await (await client()).contexts.create(request), showChange);
        return undefined;
      }),
    );
  command(
    'put <id> <json>',
    'write a document from the version that you saw; the data is JSON or @FILE; exits 6 when it was not written',
  )
    .requiredOption('--expect <version>', 'the version that you saw', version)
    .option('--merge', 'merge with what others wrote since')
    .addOption(tags())
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context put project/alpha '{"name":"Alpha 2"}' --expect 1
  $ cadre context put project/alpha @alpha.json --expect 1 --merge`,
    )
    .action(
      runs<[string, string, ContextOptions]>(async ({ out, client }, context_id, json, options) => {
        const data = (await readJsonArgument(json, 'data')) as Json;
        const { expect = 1, merge, tag } = options;
        const answer = await (
          await client()
        ).contexts.put({
          context_id,
          data,
          expected_version: expect,
          on_conflict: merge === true ? 'merge' : 'refuse',
          ...given(options),
          ...(tag === undefined ? {} : { tags: tag }),
        });
        out.data(answer, showChange);
        return exitOfChange(answer);
      }),
    );
}
