import type { Command } from 'commander';
import type { PolicyTrial, PolicyView } from '../../contracts/policy.ts';
import { runs } from '../command.ts';
import { pageSize } from '../option-values.ts';
import { showTime, table } from '../output.ts';

/** `cadre policies get|put|check|history|rollback` */
export function addPolicies(program: Command): void {
  const group = program
    .command('policies')
    .description('how agents are chosen: get, put, check, history, rollback')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre policies check routing.json      its faults, and where waiting tasks would go
  $ cadre policies put routing.json
  $ cadre policies rollback 3`,
    );
  group
    .command('get', { isDefault: true })
    .description('the policy in force')
    .action(
      runs<[]>(async ({ out, client }) => {
        out.data(await (await client()).getPolicy(), showPolicy);
        return undefined;
      }),
    );
  group
    .command('put <file>')
    .description('put a policy in force from a JSON file; - reads stdin')
    .option('--expect <version>', 'only if this version is in force', Number)
    .action(
      runs<[string, { readonly expect?: number }]>(async ({ out, client }, file, { expect }) => {
        const { readJsonFile } = await import('../read-input.ts');
        const document = await readJsonFile(file);
        out.data(await (await client()).putPolicy(document, expect), told);
        return undefined;
      }),
    );
  group
    .command('check <file>')
    .description('check a policy, and say where waiting tasks would go by it; nothing changes')
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
    .option('--limit <count>', 'at most 100', pageSize)
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
    .command('rollback <version>')
    .description('put an earlier version in force again, as a new one')
    .action(
      runs<[string]>(async ({ out, client }, version) => {
        out.data(await (await client()).rollBackPolicy(Number(version)), told);
        return undefined;
      }),
    );
}

function told({ version }: PolicyView): string {
  return `Version ${version} of the policy is in force.`;
}

function showPolicy({ version, document, at, by }: PolicyView): string {
  const head =
    version === 0
      ? 'No policy: the least loaded agent gets the task.'
      : `Version ${version}, ${showTime(at)}, by ${by ?? '-'}`;
  return version === 0 ? head : `${head}\n${JSON.stringify(document, null, 2)}`;
}

function showTrial({ tasks, moved }: PolicyTrial): string {
  if (tasks.length === 0) return 'The policy is sound. No task waits.';
  const rows = tasks.map(({ task_id, now, then, rule }) => [task_id, now ?? 'waits', then ?? 'waits', rule ?? '-']);
  return `The policy is sound. ${moved} of ${tasks.length} waiting tasks would go elsewhere.\n${table(['TASK', 'NOW', 'THEN', 'RULE'], rows)}`;
}
