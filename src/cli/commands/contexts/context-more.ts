import type { Command } from 'commander';
import type { ContextOperationName } from '../../../contracts/context/operations.ts';
import type { Json } from '../../../contracts/json.ts';
import { runs } from '../../command.ts';
import { paged, tellMore } from '../../listing.ts';
import { wholeNumber } from '../../option-values.ts';
import { showTime, table } from '../../output.ts';
import { readJsonArgument } from '../../read-input.ts';
import { exitOfChange } from './show-change.ts';

const version = wholeNumber(1, Number.MAX_SAFE_INTEGER);
type MakeCommand = (usage: string, description: string) => Command;
type Options = Readonly<Record<string, string | number | string[] | undefined>>;

/** Options under the API's names, without those that were not given. */
function named(options: Options, names: Readonly<Record<string, string>>): Record<string, unknown> {
  const entries = Object.entries({ namespace: 'namespace', limit: 'limit', cursor: 'cursor', ...names });
  return Object.fromEntries(
    entries.flatMap(([option, name]) => (options[option] === undefined ? [] : [[name, options[option]]])),
  );
}

const pretty = (value: unknown) => JSON.stringify(value, null, 2);

/** `cadre context list|diff|patch|append|sync|restore|call` */
export function addMoreOfContext(command: MakeCommand): void {
  paged(command('list', 'list documents'), 'documents looked at')
    .option('--under <path>', 'at and below this path')
    .option('--type <type>', 'of this type')
    .option('--tag <tag>', 'with this tag')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre context list\n  $ cadre context list --under project/alpha --tag team-a',
    )
    .action(
      runs<[Options]>(async ({ out, client }, options) => {
        const tags = options['tag'] === undefined ? {} : { tags: [String(options['tag'])] };
        const page = await (
          await client()
        ).contexts.list({ ...named(options, { under: 'under', type: 'context_type' }), ...tags });
        out.data(page, ({ items }) =>
          items.length === 0
            ? 'No documents.'
            : table(
                ['ID', 'TYPE', 'VERSION', 'CHANGED', 'TAGS'],
                items.map((head) => [
                  head.context_id,
                  head.context_type,
                  String(head.version),
                  showTime(head.updated_at),
                  head.tags.join(' '),
                ]),
              ),
        );
        tellMore(out, page);
        return undefined;
      }),
    );
  command('diff <id>', 'what changed between two versions, as a JSON Patch')
    .requiredOption('--from <version>', 'the earlier version', version)
    .option('--to <version>', 'the later version (default: the latest)', version)
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context diff project/alpha --from 1
  $ cadre context diff project/alpha --from 1 --to 3`,
    )
    .action(
      runs<[string, Options]>(async ({ out, client }, context_id, options) => {
        const request = { context_id, ...named(options, { from: 'from', to: 'to' }) } as {
          context_id: string;
          from: number;
        };
        out.data(await (await client()).contexts.diff(request), ({ patch }) => pretty(patch));
        return undefined;
      }),
    );
  addMoreChanges(command);
  addCall(command);
}

function addCall(command: MakeCommand): void {
  command(
    'call <operation> <json>',
    'any operation of the API by its name; the request is JSON or @FILE; exits 6 when it is answered stale or conflict',
  )
    .addHelpText('after', `\nExample:\n  $ cadre context call relations '{"context_id":"project/alpha","depth":2}'`)
    .action(
      runs<[string, string, Options]>(async ({ out, client }, operation, json, options) => {
        const { contexts } = await client();
        const { CadreError } = await import('../../../contracts/errors.ts');
        if (!Object.hasOwn(contexts, operation))
          throw new CadreError('not-found', `there is no operation ${operation} on documents`);
        const run = contexts[operation as ContextOperationName] as (request: unknown) => Promise<{ outcome?: string }>;
        const request = (await readJsonArgument(json, 'request')) as object;
        const answer = await run({ ...request, ...named(options, {}) });
        out.data(answer, pretty);
        return exitOfChange(answer);
      }),
    );
}

function addMoreChanges(command: MakeCommand): void {
  command(
    'patch <id> <json>',
    'change parts, by JSON or @FILE: a list is a JSON Patch (RFC 6902), an object a JSON Merge Patch (RFC 7396); exits 6 when it was not written',
  )
    .option('--expect <version>', 'only from this version', version)
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context patch project/alpha '{"owner":"alice"}'
  $ cadre context patch project/alpha '[{"op":"remove","path":"/owner"}]' --expect 3`,
    )
    .action(
      runs<[string, string, Options]>(async ({ out, client }, context_id, json, options) => {
        const patch = (await readJsonArgument(json, 'patch')) as Json;
        const how = Array.isArray(patch) ? { patch: patch as never } : { merge_patch: patch };
        const request = { context_id, ...how, ...named(options, { expect: 'expected_version' }) };
        const answer = await (await client()).contexts.patch(request);
        out.data(answer, ({ outcome, head }) => `${outcome}: ${head.context_id} is at version ${head.version}`);
        return exitOfChange(answer);
      }),
    );
  command('append <id> <items>', 'append to a list; the items are a JSON list or @FILE')
    .option('--pointer <pointer>', 'where the list is (JSON Pointer)')
    .addHelpText('after', `\nExample:\n  $ cadre context append project/alpha '["started"]' --pointer /log`)
    .action(
      runs<[string, string, Options]>(async ({ out, client }, context_id, json, options) => {
        const given = (await readJsonArgument(json, 'items')) as Json;
        const items = (Array.isArray(given) ? given : [given]) as Json[];
        const request = { context_id, items, ...named(options, { pointer: 'pointer' }) };
        const answer = await (await client()).contexts.append(request);
        out.data(answer, ({ head }) => `${head.context_id} is at version ${head.version}`);
        return undefined;
      }),
    );
  addReturns(command);
}

/** What comes back: edits made offline, older versions. */
function addReturns(command: MakeCommand): void {
  command(
    'sync <id> <edits>',
    'land the edits of a writer that worked offline; they are a JSON list or @FILE; exits 6 when one was not written, or is kept as a conflict',
  )
    .requiredOption('--writer <id>', 'whose edits')
    .requiredOption('--base-version <version>', 'the version that it had when it made the first', version)
    .addHelpText(
      'after',
      '\nExample:\n  $ cadre context sync project/alpha @edits.json --writer phone-1 --base-version 4',
    )
    .action(
      runs<[string, string, Options]>(async ({ out, client }, context_id, json, options) => {
        const edits = await readJsonArgument(json, 'edits');
        const names = { writer: 'writer', baseVersion: 'base_version' };
        const answer = await (await client()).contexts.sync({ context_id, edits, ...named(options, names) } as never);
        out.data(answer, ({ items, document }) =>
          [
            ...items.map(({ operation_id, outcome }) => `${operation_id}: ${outcome}`),
            `${context_id} is at version ${String(document.version)}`,
          ].join('\n'),
        );
        return answer.outcome !== 'synced' || answer.items.some(({ outcome }) => outcome === 'conflict') ? 6 : 0;
      }),
    );
  command('restore <id>', 'have an older version again, of a deleted document too')
    .requiredOption('--version <number>', 'the version to have again', version)
    .requiredOption('--expect <version>', 'the latest version', version)
    .addHelpText('after', '\nExample:\n  $ cadre context restore project/alpha --version 7 --expect 9')
    .action(
      runs<[string, Options]>(async ({ out, client }, context_id, options) => {
        const request = { context_id, ...named(options, { version: 'version', expect: 'expected_version' }) };
        const answer = await (await client()).contexts.restore(request as never);
        out.data(answer, ({ head }) => `${head.context_id} is at version ${head.version}`);
        return undefined;
      }),
    );
}
