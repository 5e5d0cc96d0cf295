import { type Command, Option } from 'commander';
import type { RewoundDocument, Snapshot } from '../../../contracts/context/snapshots.ts';
import { snapshotDaysMax } from '../../../contracts/limits.ts';
import { runs } from '../../command.ts';
import { wholeNumber } from '../../option-values.ts';
import { showTime, table } from '../../output.ts';

interface SnapshotOptions {
  readonly namespace?: string;
  readonly under?: string;
  readonly reason?: string;
  readonly keepDays?: number;
  readonly newer?: 'keep' | 'delete';
  readonly dryRun?: boolean;
}

/** Time between two calls while the changes of the last seconds settle. */
const settlePauseMs = 1_000;

const room = ({ namespace }: SnapshotOptions) => (namespace === undefined ? {} : { namespace });

function snapshotTable(items: readonly Snapshot[]): string {
  return table(
    ['NAME', 'UNDER', 'AT', 'BY', 'UNTIL', 'REASON'],
    items.map(({ name, under = '', at, by, expires_at, reason = '' }) => [
      ...[name, under, showTime(at), by],
      ...[showTime(expires_at), reason],
    ]),
  );
}

function rewoundTable(items: readonly RewoundDocument[]): string {
  return table(
    ['ID', 'OUTCOME', 'FROM', 'TO', 'CHANGES'],
    items.map(({ context_id, outcome, from, version, patch, error }) => [
      ...[context_id, outcome, String(from), version === undefined ? '' : String(version)],
      error?.message ?? patch?.map(({ op, path }) => `${op} ${path}`).join(', ') ?? '',
    ]),
  );
}

/** `cadre context snapshots`, `cadre context snapshots take|rewind|discard` */
export function addSnapshots(group: Command): void {
  const inNamespace = (command: Command) => command.option('--namespace <name>', 'the namespace (default: default)');
  const snapshots = inNamespace(group.command('snapshots'))
    .summary('moments of a subtree, kept and brought back; take, rewind, discard')
    .description('list the snapshots: moments of a subtree that are kept and can be brought back')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context snapshots
  $ cadre context snapshots take before-import --under project/alpha`,
    )
    .action(
      runs<[SnapshotOptions]>(async ({ out, client }, options) => {
        out.data(await (await client()).contexts.snapshots(room(options)), ({ items }) =>
          items.length === 0 ? 'No snapshots.' : snapshotTable(items),
        );
        return undefined;
      }),
    );
  const command = (usage: string, description: string) =>
    inNamespace(snapshots.command(usage)).description(description);
  command('take <name>', 'name the versions of all documents as they are now, and keep them')
    .option('--under <path>', 'at and below this path (default: the whole namespace)')
    .option('--keep-days <days>', 'how long it keeps them (default: 30)', wholeNumber(1, snapshotDaysMax))
    .option('--reason <text>', 'why')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context snapshots take before-import --under project/alpha
  $ cadre context snapshots take release-4 --keep-days 365 --reason 'release 4'`,
    )
    .action(
      runs<[string, SnapshotOptions]>(async ({ out, client }, name, options) => {
        const { under, keepDays, reason } = options;
        const more = { under, keep_days: keepDays, reason };
        const given = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
        const answer = await (await client()).contexts.snapshot({ name, ...room(options), ...given });
        out.data(answer, ({ outcome, snapshot }) =>
          outcome === 'taken' ? `Taken at ${snapshot.at}.` : `It was taken at ${snapshot.at} already.`,
        );
        return undefined;
      }),
    );
  addRewind(command);
  command('discard <name>', 'remove a snapshot; what it alone kept goes as its retention says')
    .addHelpText('after', '\nExample:\n  $ cadre context snapshots discard before-import')
    .action(
      runs<[string, SnapshotOptions]>(async ({ out, client }, name, options) => {
        const answer = await (await client()).contexts.discard({ name, ...room(options) });
        out.data(answer, ({ discarded }) => `The snapshot of ${discarded.at} is removed.`);
        return undefined;
      }),
    );
}

function addRewind(command: (usage: string, description: string) => Command): void {
  command(
    'rewind <name>',
    'have the documents as they were at the snapshot, each as a new version; exits 6 when one could not be brought back',
  )
    .addOption(
      new Option('--newer <what>', 'what becomes of documents that were not there (default: keep)').choices([
        'keep',
        'delete',
      ]),
    )
    .option('--dry-run', 'only show what would be done')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context snapshots rewind before-import --dry-run
  $ cadre context snapshots rewind before-import --newer delete`,
    )
    .action(
      runs<[string, SnapshotOptions]>(async ({ out, client }, name, options) => {
        const { contexts } = await client();
        const { newer, dryRun: dry_run = false } = options;
        const request = { name, dry_run, ...room(options), ...(newer === undefined ? {} : { newer }) };
        const items: RewoundDocument[] = [];
        let cursor: string | undefined;
        do {
          const page = await contexts.rewind({ ...request, ...(cursor === undefined ? {} : { cursor }) });
          items.push(...page.items);
          ({ cursor } = page);
          if (cursor !== undefined && page.items.length === 0)
            await new Promise((resolve) => setTimeout(resolve, settlePauseMs));
        } while (cursor !== undefined);
        out.data({ items }, () => (items.length === 0 ? 'All is as it was.' : rewoundTable(items)));
        return items.some(({ outcome }) => outcome === 'refused' || outcome === 'overtaken') ? 6 : 0;
      }),
    );
}
