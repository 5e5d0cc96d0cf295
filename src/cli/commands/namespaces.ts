import type { Command } from 'commander';
import type { NamespaceView } from '../../contracts/distributor/namespace.ts';
import { runs } from '../command.ts';
import { showTime, table } from '../output.ts';

/** `cadre namespaces list|revive` */
export function addNamespaces(program: Command): void {
  const group = program
    .command('namespaces')
    .description('namespaces of tasks: list, revive; cadre kill namespace stops one')
    .addHelpText('after', '\nExamples:\n  $ cadre namespaces\n  $ cadre namespaces revive acme');
  group
    .command('list', { isDefault: true })
    .description('list those of which tasks have come')
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
