import { type Command, Option } from 'commander';
import type { PlanView, ReplayView, ValidationView } from '../../../contracts/workflow/inspection.ts';
import { errorCatalogue } from '../../../contracts/error-catalogue.ts';
import { CadreError, type Fault } from '../../../contracts/errors.ts';
import { type CommandContext, runs } from '../../command.ts';
import { moment } from '../../option-values.ts';
import { showStatus, table } from '../../output.ts';

/** `cadre workflows validate|draw|log|replay|export|query` */
export function addInspection(workflows: Command): void {
  addDefinition(workflows);
  addHistory(workflows);
  addQuery(workflows);
}

/** Checks in this process: nothing need be deployed, so nothing is known of agents. */
async function validateHere(value: unknown): Promise<ValidationView> {
  const { createTestCloud } = await import('../../../sdk/test-cloud/test-cloud.ts');
  const cloud = createTestCloud();
  const view = await cloud.drive(cloud.client.validateWorkflow(value));
  return { ...view, warnings: view.warnings.filter(({ code }) => code !== 'unknown-capability') };
}

async function readForValidation(file: string): Promise<{ value?: unknown; fault?: Fault }> {
  const { readJsonFile } = await import('../../read-input.ts');
  try {
    return { value: await readJsonFile(file) };
  } catch (error) {
    if (error instanceof CadreError && error.code === 'invalid-json')
      return { fault: { code: error.code, message: error.message, fix: errorCatalogue[error.code].fix } };
    throw error;
  }
}

function addDefinition(workflows: Command): void {
  workflows
    .command('validate <file>')
    .description('list everything that is wrong with a definition or a submission; exits 0 or 2; - reads stdin')
    .option('--deployed', 'ask the deployment, which also knows what its agents can do')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre workflows validate flow.json
  $ cadre workflows validate flow.json --deployed --json`,
    )
    .action(
      runs<[string, { readonly deployed?: boolean }]>(async ({ out, client }, file, { deployed }) => {
        const { value, fault } = await readForValidation(file);
        const check = async () => (deployed === true ? (await client()).validateWorkflow(value) : validateHere(value));
        const view = fault === undefined ? await check() : { valid: false, errors: [fault], warnings: [] };
        const { valid, errors, warnings } = view;
        out.data({ valid, errors, warnings }, showValidation);
        return valid ? 0 : 2;
      }),
    );
  workflows
    .command('draw <id-or-file>')
    .description(
      'draw a run as it stands, or a definition in a file: colours by status, the critical path thick; - reads stdin',
    )
    .addOption(new Option('--format <format>', 'what to draw').choices(['mermaid', 'svg']).default('mermaid'))
    .addHelpText(
      'after',
      `
Examples:
  $ cadre workflows draw flow.json
  $ cadre workflows draw my-run --format svg > my-run.svg`,
    )
    .action(
      runs<[string, { readonly format: 'mermaid' | 'svg' }]>(async (context, what, { format }) => {
        const plan = await planOf(context, what);
        const { toMermaid } = await import('../../workflow/mermaid.ts');
        const drawing = format === 'svg' ? (await import('../../workflow/svg.ts')).toSvg(plan) : toMermaid(plan);
        context.out.data({ format, drawing }, () => drawing);
        return undefined;
      }),
    );
}

/** The plan of a run, or of the definition in a file. Throws with all faults of a definition that cannot run. */
async function planOf({ client }: CommandContext, what: string): Promise<PlanView> {
  const { existsSync } = await import('node:fs');
  if (what !== '-' && !existsSync(what)) return (await client()).workflowPlan(what);
  const { readJsonFile } = await import('../../read-input.ts');
  const { plan, errors } = await validateHere(await readJsonFile(what));
  if (plan !== undefined) return plan;
  const faults = errors as readonly Fault[];
  const code = faults[0]?.code ?? 'invalid-input';
  throw new CadreError(code, faults[0]?.message, { faults });
}

function addHistory(workflows: Command): void {
  workflows
    .command('log <id>')
    .description('the audit trail of a run: who did what, and when')
    .addHelpText('after', '\nExample:\n  $ cadre workflows log my-run')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        const { showTrail, trailOf } = await import('../../workflow/trail.ts');
        const items = trailOf(await (await client()).workflowEvents(id));
        out.data({ items }, () => showTrail(items));
        return undefined;
      }),
    );
  workflows
    .command('replay <id>')
    .description('compute the state from the event log and compare it with what is stored; exits 1 when they differ')
    .option('--at <time>', 'only show the state at a moment of the past', moment)
    .addHelpText(
      'after',
      `
Examples:
  $ cadre workflows replay my-run
  $ cadre workflows replay my-run --at 2026-11-23T01:00:00Z`,
    )
    .action(
      runs<[string, { readonly at?: string }]>(async ({ out, client }, id, { at }) => {
        const view = await (await client()).replayWorkflow(id, at);
        out.data(view, showReplay);
        return view.matches === false ? 1 : 0;
      }),
    );
  workflows
    .command('export <id>')
    .description('the event log of a run for process mining')
    .addOption(new Option('--format <format>', 'XES is IEEE 1849').choices(['xes']).default('xes'))
    .addHelpText('after', '\nExample:\n  $ cadre workflows export my-run > my-run.xes')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        const cadre = await client();
        const [view, events, tasks] = await Promise.all([
          cadre.getWorkflow(id),
          cadre.workflowEvents(id),
          cadre.workflowTasks(id),
        ]);
        const { toXes } = await import('../../workflow/xes.ts');
        const log = toXes(view, events, tasks);
        out.data({ format: 'xes', log }, () => log);
        return undefined;
      }),
    );
}

function addQuery(workflows: Command): void {
  workflows
    .command('query <id> <name>')
    .description('what a query that the definition names says of a run as it is')
    .addHelpText('after', '\nExample:\n  $ cadre workflows query my-run progress')
    .action(
      runs<[string, string]>(async ({ out, client }, id, name) => {
        out.data(await (await client()).queryWorkflow(id, name), ({ value }) => JSON.stringify(value, null, 2));
        return undefined;
      }),
    );
}

function showValidation({ valid, errors, warnings }: Pick<ValidationView, 'valid' | 'errors' | 'warnings'>): string {
  const lines = errors.map(({ path = '', message, fix = '' }) => [path, message, fix]);
  const told = warnings.map(({ message, fix = '' }) => `Warning: ${message}. ${fix}`);
  if (valid) return ['The workflow is valid.', ...told].join('\n');
  return [table(['WHERE', 'WHAT IS WRONG', 'WHAT TO DO'], lines), ...told].join('\n');
}

function showReplay({ at, events, seq, status, matches, differences, nodes }: ReplayView): string {
  const counts = Map.groupBy(nodes, (node) => node.status);
  const said = [...counts].map(([name, list]) => `${list.length} ${name.toLowerCase()}`).join(', ');
  const verdict =
    matches === undefined
      ? `At ${at ?? ''}: ${showStatus(status)}`
      : `${showStatus(status)}; ${matches ? 'the log gives the stored state' : 'the log and the stored state differ'}`;
  const rows = nodes.map((node) => [node.name, showStatus(node.status)]);
  return [
    `${verdict} (${events} events in ${seq} steps; ${said})`,
    ...differences,
    '',
    table(['NODE', 'STATUS'], rows),
  ].join('\n');
}
