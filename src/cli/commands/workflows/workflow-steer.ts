import { type Command, Option } from 'commander';
import { type DocumentPin, documentPin } from '../../../contracts/context/declared-reads.ts';
import { CadreError } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/json.ts';
import { eventTtlMsMax, eventTtlMsMin } from '../../../contracts/limits.ts';
import type { MigrationView, WorkflowUpdate } from '../../../contracts/workflow/repair.ts';
import { priorities } from '../../../contracts/distributor/task.ts';
import { runs } from '../../command.ts';
import { milliseconds, moment } from '../../option-values.ts';
import { showWorkflow } from '../../views.ts';

interface RerunOptions {
  readonly from: readonly string[];
  readonly id?: string;
  readonly input?: string;
  readonly context?: readonly string[];
}

/** `cadre workflows signal|publish|pause|resume|update|migrate|rerun|redrive ID` */
export function addSteering(workflows: Command): void {
  addSignal(workflows);
  addPublish(workflows);
  addPausing(workflows);
  addUpdate(workflows);
  addMigrate(workflows);
  addRerun(workflows);
  addRedrive(workflows);
}

function addPausing(workflows: Command): void {
  workflows
    .command('pause <id>')
    .description('let nothing new start in a workflow; what is queued or runs goes on')
    .addHelpText('after', '\nExample:\n  $ cadre workflows pause my-run')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        out.data(await (await client()).pauseWorkflow(id), showWorkflow);
        return undefined;
      }),
    );
  workflows
    .command('resume <id>')
    .description('let a paused workflow go on')
    .addHelpText('after', '\nExample:\n  $ cadre workflows resume my-run')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        out.data(await (await client()).resumeWorkflow(id), showWorkflow);
        return undefined;
      }),
    );
}

interface SignalFlags {
  readonly data?: string;
  readonly key?: string;
  readonly id?: string;
}

function addSignal(workflows: Command): void {
  workflows
    .command('signal <id> <name>')
    .description('send an event to a workflow; it is kept until a node waits for it')
    .option('--data <json>', 'what it brings, or @FILE')
    .option('--key <key>', 'what it is about: nodes that ask for a key take only events which carry it')
    .option('--id <id>', 'of the event: makes the command repeatable, since the same id is the same event')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre workflows signal my-run payment.received --data '{"amount": 40}'
  $ cadre workflows signal my-run payment.received --key order-7 --id payment-1`,
    )
    .action(
      runs<[string, string, SignalFlags]>(async ({ out, client }, id, name, { data, key, id: event }) => {
        const { readJsonArgument } = await import('../../read-input.ts');
        const value = data === undefined ? undefined : ((await readJsonArgument(data, '--data')) as Json);
        const more = { ...(event === undefined ? {} : { id: event }), ...(key === undefined ? {} : { key }) };
        const view = await (await client()).signalWorkflow(id, name, value, more);
        out.data(view, ({ kept }) =>
          kept ? `${name} is kept until a node waits for it.` : `A node waited for ${name}.`,
        );
        return undefined;
      }),
    );
}

interface PublishFlags {
  readonly data?: string;
  readonly id?: string;
  readonly ttl?: number;
}

function addPublish(workflows: Command): void {
  workflows
    .command('publish <name> <key>')
    .description('send an event to all workflows that wait for its name and key, now or while it is kept')
    .option('--data <json>', 'what it brings, or @FILE')
    .option('--id <id>', 'of the event: makes the command repeatable, since the same id is the same event')
    .option(
      '--ttl <time>',
      'how long it is kept for nodes that wait later (default: 1d)',
      milliseconds(eventTtlMsMin, eventTtlMsMax),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ cadre workflows publish payment.received order-7 --data '{"amount": 40}'
  $ cadre workflows publish payment.received order-7 --data @payment.json --ttl 2h`,
    )
    .action(
      runs<[string, string, PublishFlags]>(async ({ out, client }, name, key, { data, id, ttl }) => {
        const { readJsonArgument } = await import('../../read-input.ts');
        const value = data === undefined ? undefined : ((await readJsonArgument(data, '--data')) as Json);
        const more = {
          ...(id === undefined ? {} : { id }),
          ...(ttl === undefined ? {} : { ttl_ms: ttl }),
        };
        const view = await (await client()).publish(name, key, value, more);
        out.data(view, ({ taken_by, kept_until }) =>
          [
            taken_by.length === 0 ? `No workflow has taken ${name} so far.` : `Taken by ${taken_by.join(', ')}.`,
            `It is kept until ${kept_until}.`,
          ].join(' '),
        );
        return undefined;
      }),
    );
}

function addUpdate(workflows: Command): void {
  workflows
    .command('update <id>')
    .description('change the priority or the deadline of a workflow that runs; its waiting tasks move at once')
    .addOption(new Option('--priority <priority>', 'of all its tasks from now on').choices([...priorities]))
    .option('--deadline <time>', 'when it should have ended, for example 2026-11-23T18:00:00Z', moment)
    .addHelpText(
      'after',
      '\nExample:\n  $ cadre workflows update my-run --priority high --deadline 2026-11-23T18:00:00Z',
    )
    .action(
      runs<[string, WorkflowUpdate]>(async ({ out, client }, id, { priority, deadline }) => {
        const change = {
          ...(priority === undefined ? {} : { priority }),
          ...(deadline === undefined ? {} : { deadline }),
        };
        out.data(await (await client()).updateWorkflow(id, change), showWorkflow);
        return undefined;
      }),
    );
}

function addMigrate(workflows: Command): void {
  workflows
    .command('migrate <id>')
    .description(
      'let a workflow that runs go on by a newer version of its definition; exits 6 with all reasons why not',
    )
    .requiredOption('--to <definition>', 'the newer version: NAME@VERSION, NAME@latest or a file; - reads stdin')
    .option('--dry-run', 'only say whether it may, and what would change')
    .addHelpText('after', '\nExample:\n  $ cadre workflows migrate my-run --to release@4 --dry-run')
    .action(
      runs<[string, { readonly to: string; readonly dryRun?: boolean }]>(
        async ({ out, client }, id, { to, dryRun = false }) => {
          const { readDefinition } = await import('../../registered.ts');
          const definition = await readDefinition(to);
          out.data(await (await client()).migrateWorkflow(id, definition, { dryRun }), showMigration);
          return undefined;
        },
      ),
    );
}

function showMigration({ dry_run, added, changed, removed, workflow }: MigrationView): string {
  const named = (what: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${what}: ${names.join(', ')}`];
  const lines = [...named('new', added), ...named('changed', changed), ...named('gone', removed)];
  const said = lines.length === 0 ? ['Nothing changes.'] : lines;
  return dry_run ? ['The run may go on by it.', ...said].join('\n') : [...said, '', showWorkflow(workflow)].join('\n');
}

function addRerun(workflows: Command): void {
  workflows
    .command('rerun <id>')
    .description('start a new run that begins at some nodes of another one and takes the rest over')
    .requiredOption('--from <node...>', 'nodes that run again, with everything after them')
    .option('--id <id>', 'of the new run (default: made out of the request)')
    .option('--input <json>', "in place of the first run's input, or @FILE")
    .option(
      '--context <document...>',
      'ID@VERSION or NAMESPACE:ID@VERSION of documents that its tasks read in that version',
    )
    .addHelpText('after', '\nExample:\n  $ cadre workflows rerun my-run --from report --context project/facts@17')
    .action(
      runs<[string, RerunOptions]>(async ({ out, client }, id, { from, id: workflow_id, input, context }) => {
        const { readJsonArgument } = await import('../../read-input.ts');
        const request = {
          from: [...from],
          ...(context === undefined ? {} : { pins: context.map(readPin) }),
          ...(workflow_id === undefined ? {} : { workflow_id }),
          ...(input === undefined ? {} : { input: (await readJsonArgument(input, '--input')) as Json }),
        };
        out.data(await (await client()).rerunWorkflow(id, request), showWorkflow);
        return undefined;
      }),
    );
}

/** `[NAMESPACE:]ID@VERSION`. Throws `invalid-input`. */
function readPin(argument: string): DocumentPin {
  const at = argument.lastIndexOf('@');
  const colon = argument.indexOf(':');
  const namespace = colon < 0 ? {} : { namespace: argument.slice(0, colon) };
  const pin = { ...namespace, context_id: argument.slice(colon + 1, at), version: Number(argument.slice(at + 1)) };
  const read = documentPin.safeParse(pin);
  if (at >= 0 && read.success) return read.data;
  throw new CadreError('invalid-input', `--context: "${argument}" is no ID@VERSION, for example project/facts@17`);
}

function addRedrive(workflows: Command): void {
  workflows
    .command('redrive <id>')
    .description('run again what failed in a workflow that has ended, or in its compensation')
    .option('--skip <path...>', 'failed compensations that count as done')
    .addHelpText('after', '\nExample:\n  $ cadre workflows redrive my-run --skip book:compensate')
    .action(
      runs<[string, { readonly skip?: readonly string[] }]>(async ({ out, client }, id, { skip }) => {
        out.data(await (await client()).redriveWorkflow(id, skip), showWorkflow);
        return undefined;
      }),
    );
}
