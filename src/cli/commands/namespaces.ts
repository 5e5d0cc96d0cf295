import type { Command } from 'commander';
import type { NamespaceView } from '../../contracts/distributor/namespace.ts';
import { runs } from '../command.ts';
import { showTime, table } from '../output.ts';

/** `cadre namespaces`, `cadre namespaces revive` */
export function addNamespaces(program: Command): void {
  const group = program
    .command('namespaces')
    .summary('namespaces of tasks; revive')
    .description('list the namespaces of which tasks have come, and who killed one')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre namespaces\n  $ cadre namespaces revive acme\n\nTo stop all work of one: cadre kill namespace NAME --reason TEXT.',
    )
    .action(
      runs<[]>(async ({ out, client }) => {
        out.data({ items: await (await client()).listNamespaces() }, ({ items }) =>
          items.length === 0
            ? 'No namespaces.'
            : table(
                ['NAMESPACE', 'KILLED', 'BY', 'REASON'],
                items.map(({ namespace, killed }) => [
                  namespace,
                  showTime(killed?.at),
                  killed?.by ?? '-',
                  killed?.reason ?? '-',
                ]),
              ),
        );
        return undefined;
      }),
    );
  group
    .command('revive <namespace>')
    .description('let a killed namespace have work again; what was cancelled stays so')
    .addHelpText('after', '\nExample:\n  $ cadre namespaces revive team-a')
    .action(
      runs<[string]>(async ({ out, client }, namespace) => {
        out.data(await (await client()).reviveNamespace(namespace), showNamespace);
        return undefined;
      }),
    );
}

/** What became of a namespace. */
export function showNamespace({ namespace, killed }: NamespaceView): string {
  return killed === undefined
    ? `The namespace ${namespace} may have work.`
    : `The namespace ${namespace} was killed by ${killed.by}: ${killed.reason}`;
}
