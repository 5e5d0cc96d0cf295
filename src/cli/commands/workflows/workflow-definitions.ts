import type { Command } from 'commander';
import { canonicalJson } from '../../../contracts/json.ts';
import type { RegisteredView, VersionBodyView, VersionView } from '../../../contracts/workflow/registry.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { runs } from '../../command.ts';
import { pageOf, type PageOptions, paged, tellMore } from '../../listing.ts';
import { showTime, table } from '../../output.ts';

/** `cadre workflows register|definitions|diff|deprecate` */
export function addDefinitions(workflows: Command): void {
  addRegister(workflows);
  addListing(workflows);
  addDiff(workflows);
  addDeprecate(workflows);
}

function addRegister(workflows: Command): void {
  workflows
    .command('register <file>')
    .description(
      'register a definition under its name, or its next version; the same body again is the same version; - reads stdin',
    )
    .addHelpText('after', '\nExamples:\n  $ cadre workflows register release.json\n  $ cadre run release@latest')
    .action(
      runs<[string]>(async ({ out, client }, file) => {
        const { readJsonFile } = await import('../../read-input.ts');
        const { readWorkflow } = await import('../../workflow-file.ts');
        const { definition } = readWorkflow(await readJsonFile(file));
        if (typeof definition === 'string') throw new CadreError('invalid-input', `${file} names ${definition} only`);
        const view = await (await client()).definitions.register(definition);
        out.data(view, (made) => `${made.definition}, registered ${showTime(made.registered_at)}.`);
        return undefined;
      }),
    );
}

function addListing(workflows: Command): void {
  paged(workflows.command('definitions [definition]'), 'definitions')
    .description('list registered definitions, the versions of one (NAME), or show a version (NAME@VERSION)')
    .addHelpText('after', '\nExamples:\n  $ cadre workflows definitions\n  $ cadre workflows definitions release@3')
    .action(
      runs<[string | undefined, PageOptions]>(async ({ out, client }, definition, options) => {
        const cadre = await client();
        const { isReference, loadVersion } = await import('../../registered.ts');
        if (definition !== undefined && isReference(definition)) {
          out.data(await loadVersion(cadre, definition), ({ body }) => JSON.stringify(body, null, 2));
        } else if (definition !== undefined) {
          out.data(await cadre.definitions.get(definition), showVersions);
        } else {
          const page = await cadre.definitions.list(pageOf(options));
          out.data(page, ({ items }) => showRegistered(items));
          tellMore(out, page);
        }
        return undefined;
      }),
    );
}

function showRegistered(items: readonly RegisteredView[]): string {
  if (items.length === 0) return 'Nothing is registered.';
  const rows = items.map(({ name, latest, versions }) => [
    name,
    latest === undefined ? 'deprecated' : String(latest),
    String(versions.length),
    showTime(versions.at(-1)?.registered_at),
  ]);
  return table(['NAME', 'LATEST', 'VERSIONS', 'REGISTERED'], rows);
}

function showVersions({ versions }: RegisteredView): string {
  const row = ({ definition, registered_at, registered_by, deprecated }: VersionView): string[] => [
    definition,
    showTime(registered_at),
    registered_by,
    deprecated === undefined ? '-' : deprecated.reason,
  ];
  return table(['DEFINITION', 'REGISTERED', 'BY', 'DEPRECATED'], versions.toReversed().map(row));
}

/** What one version has of another: nodes by their names, all else by its key. */
function differences(was: WorkflowDefinition, is: WorkflowDefinition) {
  const partsOf = ({ nodes, ...rest }: WorkflowDefinition): ReadonlyMap<string, string> =>
    new Map([
      ...Object.entries(rest).map(([key, value]): [string, string] => [key, canonicalJson(value)]),
      ...nodes.map((node): [string, string] => [`nodes.${node.name}`, canonicalJson(node)]),
    ]);
  const [before, after] = [partsOf(was), partsOf(is)];
  return {
    added: [...after.keys()].filter((key) => !before.has(key)),
    changed: [...after].flatMap(([key, value]) => (before.has(key) && before.get(key) !== value ? [key] : [])),
    removed: [...before.keys()].filter((key) => !after.has(key)),
  };
}

function addDiff(workflows: Command): void {
  workflows
    .command('diff <version> <other>')
    .description('what another version of a definition adds, changes and removes')
    .addHelpText('after', '\nExample:\n  $ cadre workflows diff release@2 release@3')
    .action(
      runs<[string, string]>(async ({ out, client }, version, other) => {
        const { loadVersion } = await import('../../registered.ts');
        const cadre = await client();
        const [was, is]: VersionBodyView[] = await Promise.all(
          [version, other].map((each) => loadVersion(cadre, each)),
        );
        if (was === undefined || is === undefined) return undefined;
        out.data(differences(was.body, is.body), ({ added, changed, removed }) => {
          const lines = [
            ...added.map((key) => `+ ${key}`),
            ...changed.map((key) => `~ ${key}`),
            ...removed.map((key) => `- ${key}`),
          ];
          return lines.length === 0 ? 'They are the same.' : lines.join('\n');
        });
        return undefined;
      }),
    );
}

interface DeprecateOptions {
  readonly reason?: string;
  readonly undo?: boolean;
}

function addDeprecate(workflows: Command): void {
  workflows
    .command('deprecate <version>')
    .description('say that nobody should start a version any more: NAME@latest leaves it out; its runs go on')
    .option('--reason <text>', 'told to whoever starts it by its number all the same; needed without --undo')
    .option('--undo', 'it may be used again')
    .addHelpText('after', "\nExample:\n  $ cadre workflows deprecate release@3 --reason 'ships twice'")
    .action(
      runs<[string, DeprecateOptions]>(async ({ out, client }, reference, { reason, undo = false }) => {
        const { namedVersion } = await import('../../registered.ts');
        if (undo === (reason !== undefined)) throw new CadreError('invalid-input', 'give --reason TEXT, or --undo');
        const { name, version } = namedVersion(reference);
        const view = await (await client()).definitions.deprecate(name, version, reason ?? null);
        out.data(view, ({ definition, deprecated }) =>
          deprecated === undefined
            ? `${definition} may be used again.`
            : `${definition} is deprecated: ${deprecated.reason}`,
        );
        return undefined;
      }),
    );
}
