import { type Command, Option } from 'commander';
import type { BudgetView } from '../../../contracts/distributor/budget-operations.ts';
import type { WorkflowBudget } from '../../../contracts/distributor/budget.ts';
import { runs } from '../../command.ts';
import { pageOf, type PageOptions, paged, tellMore } from '../../listing.ts';
import { dollars, share, tokenCount } from '../../option-values.ts';
import { showStatus, table } from '../../output.ts';
import { facts, showLimits, showSpent } from '../../views.ts';

interface SetFlags {
  readonly usd?: number;
  readonly tokens?: number;
  readonly soft?: number;
  readonly onSoft?: 'warn' | 'wait';
}

/** `cadre budgets [ID]`, `cadre budgets set|approve` */
export function addBudgets(program: Command): void {
  const group = paged(program.command('budgets [id]'), 'workflows')
    .summary('what workflows may spend and have spent; set, approve')
    .description('list what workflows may spend and what they have spent, the newest first; or show the budget of one')
    .addHelpText(
      'after',
      `
A workflow gets its budget with its definition: "budget": { "usd": 5, "tokens": 2000000, "soft": 0.8, "on_soft": "wait" }.

Examples:
  $ cadre budgets
  $ cadre budgets my-run
  $ cadre budgets approve my-run
  $ cadre budgets set my-run --usd 10`,
    )
    .action(
      runs<[string | undefined, PageOptions]>(async ({ out, client }, id, options) => {
        const cadre = await client();
        if (id !== undefined) {
          out.data(await cadre.getBudget(id), showBudget);
          return undefined;
        }
        const page = await cadre.listBudgets(pageOf(options));
        out.data(page, ({ items }) => showBudgets(items));
        tellMore(out, page);
        return undefined;
      }),
    );
  addSetting(group);
}

function addSetting(group: Command): void {
  group
    .command('set <id>')
    .description(
      'set the whole budget of a workflow that runs: a limit that is left out is gone, what is spent stays spent',
    )
    .option('--usd <dollars>', 'dollars that it may spend', dollars)
    .option('--tokens <count>', 'tokens that it may spend', tokenCount)
    .option('--soft <share>', 'the share of it that is its soft limit, for example 0.8', share)
    .addOption(new Option('--on-soft <what>', 'what the soft limit does (default: warn)').choices(['warn', 'wait']))
    .addHelpText('after', '\nExample:\n  $ cadre budgets set my-run --usd 10 --soft 0.9 --on-soft wait')
    .action(
      runs<[string, SetFlags]>(async ({ out, client }, id, { usd, tokens, soft, onSoft }) => {
        const budget: WorkflowBudget = {
          ...(usd === undefined ? {} : { usd }),
          ...(tokens === undefined ? {} : { tokens }),
          ...(soft === undefined ? {} : { soft }),
          ...(onSoft === undefined ? {} : { on_soft: onSoft }),
        };
        out.data(await (await client()).setBudget(id, budget), showBudget);
        return undefined;
      }),
    );
  group
    .command('approve <id>')
    .description('let a workflow that waits at its soft limit go on, up to the hard one')
    .addHelpText('after', '\nExample:\n  $ cadre budgets approve research-1')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        const cadre = await client();
        const { soft: _soft, on_soft: _wait, ...hard } = (await cadre.getBudget(id)).budget;
        out.data(await cadre.setBudget(id, hard), showBudget);
        return undefined;
      }),
    );
}

function softOf({ soft, on_soft = 'warn' }: WorkflowBudget): string | undefined {
  return soft === undefined ? undefined : `${Math.round(soft * 100)} % (${on_soft})`;
}

function showBudgets(items: readonly BudgetView[]): string {
  if (items.length === 0) return 'No budgets.';
  const rows = items.map(({ workflow_id, status, budget, spent, reserved, warned }) => [
    workflow_id,
    showStatus(status),
    showLimits(budget),
    showSpent(spent, budget),
    showSpent(reserved, budget),
    `${softOf(budget) ?? '-'}${warned ? ' reached' : ''}`,
  ]);
  return table(['WORKFLOW', 'STATUS', 'BUDGET', 'SPENT', 'RESERVED', 'SOFT'], rows);
}

function showBudget({ workflow_id, name, status, budget, spent, reserved, warned }: BudgetView): string {
  return facts([
    ['workflow', workflow_id],
    ['name', name],
    ['status', showStatus(status)],
    ['budget', showLimits(budget)],
    ['soft limit', softOf(budget)],
    ['reached', warned ? 'yes, and it was told' : undefined],
    ['spent', showSpent(spent, budget)],
    ['reserved', showSpent(reserved, budget)],
  ]);
}
