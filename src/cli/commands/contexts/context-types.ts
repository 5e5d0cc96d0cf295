import type { Command } from 'commander';
import type { ContextRequest } from '../../../contracts/context/operations.ts';
import { runs } from '../../command.ts';
import { wholeNumber } from '../../option-values.ts';
import { showTime, table } from '../../output.ts';
import { readJsonArgument } from '../../read-input.ts';

interface TypeOptions {
  readonly namespace?: string;
  readonly expect?: number;
  readonly migration?: string;
}

/** `cadre context types [TYPE]`, `cadre context types put` */
export function addTypes(group: Command): void {
  const inNamespace = (command: Command) => command.option('--namespace <name>', 'the namespace (default: default)');
  const types = inNamespace(group.command('types [type]'))
    .summary('types of documents of your own, with their schemas; put')
    .description('list the registered types of documents, or show the versions of one, newest first')
    .addHelpText('after', '\nExamples:\n  $ cadre context types\n  $ cadre context types ticket')
    .action(
      runs<[string | undefined, TypeOptions]>(async ({ out, client }, context_type, options) => {
        const { contexts } = await client();
        if (context_type !== undefined) {
          out.data(await contexts.type({ context_type, ...options }), ({ items }) => JSON.stringify(items, null, 2));
          return undefined;
        }
        out.data(await contexts.types(options), ({ items }) =>
          items.length === 0
            ? 'No types are registered.'
            : table(
                ['TYPE', 'VERSION', 'SINCE', 'BY'],
                items.map(({ context_type: type, version, at, by }) => [type, String(version), showTime(at), by]),
              ),
        );
        return undefined;
      }),
    );
  inNamespace(types.command('put <type> <schema>'))
    .description('register a type, or its next version; the JSON Schema is JSON or @FILE')
    .requiredOption('--expect <version>', 'the version that this one follows; 0 for the first', wholeNumber(0, 1e6))
    .option('--migration <jsonata>', 'makes data of this version from data of the one before')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context types put ticket @ticket.json --expect 0
  $ cadre context types put ticket @ticket-2.json --expect 1 --migration '$ ~> | $ | {"state": done ? "closed" : "open"}, "done" |'`,
    )
    .action(
      runs<[string, string, TypeOptions]>(async ({ out, client }, context_type, json, options) => {
        const { namespace, expect: expected_version = 0, migration } = options;
        const schema = (await readJsonArgument(json, 'schema')) as ContextRequest<'define'>['schema'];
        const answer = await (
          await client()
        ).contexts.define({
          context_type,
          schema,
          expected_version,
          ...(migration === undefined ? {} : { migration }),
          ...(namespace === undefined ? {} : { namespace }),
        });
        out.data(answer, ({ version }) => `${context_type} is at version ${String(version)}.`);
        return undefined;
      }),
    );
}
