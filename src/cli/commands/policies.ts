import type { CanaryInput } from '../../contracts/distributor/canary.ts';
import { type Command, Option } from 'commander';
import { CadreError } from '../../contracts/errors.ts';
import { canarySamplesMin, canaryShareMax, canaryShareMin } from '../../contracts/limits.ts';
import type { PolicyTrial, PolicyView } from '../../contracts/distributor/policy.ts';
import { runs } from '../command.ts';
import { numberFrom, pageSize, wholeNumber } from '../option-values.ts';
import { showDuration, showTime, table } from '../output.ts';

/** `cadre policies`, `cadre policies put|promote|check|history|rollback` */
export function addPolicies(program: Command): void {
  const group = program
    .command('policies')
    .summary('how agents are chosen; check, put, promote, history, rollback')
    .description('show the routing policy in force: how agents are chosen')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre policies check routing.json      its faults, whom it names that is not there, and where waiting tasks would go
  $ cadre policies put routing.json
  $ cadre policies put routing.json --canary 0.1 --watch latency --margin 0.2
  $ cadre policies rollback 3`,
    )
    .action(
      runs<[]>(async ({ out, client }) => {
        out.data(await (await client()).getPolicy(), showPolicy);
        return undefined;
      }),
    );
  addChanges(group);
  group
    .command('check <file>')
    .description('check a policy, and say where waiting tasks would go by it; nothing changes; - reads stdin')
    .addHelpText('after', '\nExample:\n  $ cadre policies check routing.json')
    .action(
      runs<[string]>(async ({ out, client }, file) => {
        const { readJsonFile } = await import('../read-input.ts');
        const document = await readJsonFile(file);
        out.data(await (await client()).checkPolicy(document), showTrial);
        return undefined;
      }),
    );
  group
    .command('history')
    .description('its versions, newest first')
    .option('--limit <count>', 'versions, at most 100 (default: 25)', pageSize)
    .addHelpText('after', '\nExample:\n  $ cadre policies history --limit 5')
    .action(
      runs<[{ readonly limit?: number }]>(async ({ out, client }, { limit }) => {
        const items = await (await client()).policyVersions(limit);
        out.data({ items }, () =>
          table(
            ['VERSION', 'AT', 'BY'],
            items.map(({ version, at, by }) => [String(version), showTime(at), by ?? '-']),
          ),
        );
        return undefined;
      }),
    );
  group
    .command('rollback')
    .argument('<version>', 'which one', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .description('put an earlier version in force again, as a new one')
    .addHelpText('after', '\nExample:\n  $ cadre policies rollback 3')
    .action(
      runs<[number]>(async ({ out, client }, version) => {
        out.data(await (await client()).rollBackPolicy(version), told);
        return undefined;
      }),
    );
}

/** `put` and `promote`. */
function addChanges(group: Command): void {
  group
    .command('put <file>')
    .description('put a policy in force from a JSON file; - reads stdin')
    .option(
      '--expect <version>',
      'only if this version is in force; 0 for none',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option(
      '--canary <share>',
      `try it on this share of the tasks (${canaryShareMin} to ${canaryShareMax}) first`,
      numberFrom(canaryShareMin, canaryShareMax),
    )
    .addOption(
      new Option('--watch <figure>', 'what must not get worse (default: success)').choices([
        'success',
        'deadlines',
        'wait',
        'latency',
      ]),
    )
    .option('--margin <share>', 'how much worse it may be before it is taken back (default: 0.05)', numberFrom(0, 10))
    .option(
      '--samples <count>',
      'tasks on either side before it is judged (default: 100)',
      wholeNumber(canarySamplesMin, 1_000_000),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre policies put routing.json --expect 3\n  $ cadre policies put routing.json --canary 0.1 --watch latency',
    )
    .action(
      runs<[string, PutOptions]>(async ({ out, client }, file, { expect, canary: share, watch, margin, samples }) => {
        const { readJsonFile } = await import('../read-input.ts');
        const document = await readJsonFile(file);
        if (share === undefined && (watch ?? margin ?? samples) !== undefined) {
          throw new CadreError('invalid-input', '--watch, --margin and --samples are about --canary SHARE');
        }
        const canary = share === undefined ? undefined : { share, watch, margin, samples };
        out.data(await (await client()).putPolicy(document, expect, canary), told);
        return undefined;
      }),
    );
  group
    .command('promote')
    .description('put what is tried on a share of the tasks in force for all of them')
    .addHelpText('after', '\nExample:\n  $ cadre policies promote')
    .action(
      runs<[]>(async ({ out, client }) => {
        out.data(await (await client()).promotePolicy(), told);
        return undefined;
      }),
    );
}

interface PutOptions {
  readonly expect?: number;
  readonly canary?: number;
  readonly watch?: NonNullable<CanaryInput['watch']>;
  readonly margin?: number;
  readonly samples?: number;
}

function told({ version, canary }: PolicyView): string {
  if (canary === undefined) return `Version ${version} of the policy is in force.`;
  return `Version ${version} tries the policy on ${canary.share * 100} % of the tasks. Follow it: cadre policies; then: cadre policies promote`;
}

function showCanary({ share, watch, margin, samples, document, figures }: NonNullable<PolicyView['canary']>): string {
  const percent = (value?: number): string => (value === undefined ? '-' : `${(value * 100).toFixed(1)} %`);
  const time = (value?: number): string => (value === undefined ? '-' : showDuration(value));
  const rows = (['old', 'new'] as const).map((side) => {
    const { ended = 0, success, deadlines, wait, latency } = figures?.[side] ?? {};
    return [side, String(ended), percent(success), percent(deadlines), time(wait), time(latency)];
  });
  return [
    `Tried on ${share * 100} % of the tasks; taken back when ${watch} is worse by more than ${margin}, after ${samples} tasks on either side:`,
    JSON.stringify(document, null, 2),
    table(['SIDE', 'ENDED', 'SUCCESS', 'DEADLINES', 'WAIT', 'LATENCY'], rows),
  ].join('\n');
}

function showPolicy({ version, document, at, by, canary }: PolicyView): string {
  const head =
    version === 0
      ? 'No policy: the least loaded agent gets the task.'
      : `Version ${version}, ${showTime(at)}, by ${by ?? '-'}`;
  const shown = version === 0 ? head : `${head}\n${JSON.stringify(document, null, 2)}`;
  return canary === undefined ? shown : `${shown}\n${showCanary(canary)}`;
}

function showTrial({ tasks, moved, warnings }: PolicyTrial): string {
  const told = warnings.map(({ path = '', message }) => `Warning: ${path}: ${message}.`);
  if (tasks.length === 0) return ['The policy is sound. No task waits.', ...told].join('\n');
  const rows = tasks.map(({ task_id, now, then, rule }) => [task_id, now ?? 'waits', then ?? 'waits', rule ?? '-']);
  return [
    `The policy is sound. ${moved} of ${tasks.length} waiting tasks would go elsewhere.`,
    ...told,
    table(['TASK', 'NOW', 'THEN', 'RULE'], rows),
  ].join('\n');
}
