import { Command, Help, type Option } from 'commander';
import { exitCodesHelp } from './exit-codes.ts';
import { addApprovals } from './commands/workflows/approvals.ts';
import { addAgents } from './commands/agents.ts';
import { addCancel } from './commands/cancel.ts';
import { addCapabilities } from './commands/capabilities.ts';
import { addCompletion } from './commands/completion.ts';
import { addContext } from './commands/contexts/context.ts';
import { addLocks } from './commands/contexts/locks.ts';
import { addDeadLetters } from './commands/dead-letters.ts';
import { addDoctor } from './commands/local/doctor.ts';
import { addDown } from './commands/local/down.ts';
import { addExplain } from './commands/explain.ts';
import { addKill } from './commands/kill.ts';
import { addLogs } from './commands/local/logs.ts';
import { addPolicies } from './commands/policies.ts';
import { addQueues } from './commands/queues.ts';
import { addReview } from './commands/workflows/review.ts';
import { addRun } from './commands/workflows/run.ts';
import { addBudgets } from './commands/workflows/budgets.ts';
import { addNamespaces } from './commands/namespaces.ts';
import { addSchedules } from './commands/workflows/schedules.ts';
import { addSimulate } from './commands/simulate.ts';
import { addStart } from './commands/local/start.ts';
import { addStatus } from './commands/status.ts';
import { addSubmit } from './commands/submit.ts';
import { addTasks } from './commands/tasks.ts';
import { addTrace } from './commands/trace.ts';
import { addUp } from './commands/local/up.ts';
import { addWait } from './commands/wait.ts';
import { addWorkflows } from './commands/workflows/workflows.ts';

/** The whole command line. Commands load what they need when they run, so that help is there at once. */
export function createProgram(): Command {
  const program = new Command('cadre')
    .description('Coordinates teams of agents: dependent tasks reach the right agent, by priority, with leases.')
    .option('--json', 'print data as JSON on stdout; messages stay on stderr')
    .option('--api-url <url>', 'the deployment to talk to (or CADRE_API_URL; else the local cloud)')
    .option('--region <region>', 'its AWS region (or AWS_REGION)')
    .configureHelp({ showGlobalOptions: true, optionDescription })
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      `
Examples:
  $ cadre start                       everything at once: local cloud, fleet, and a review of this tree
  $ cadre up && cadre status          a local cloud to play with
  $ cadre run flow.json --json        run a workflow and print what every task did
  $ cadre run flow.json --twin        the same in virtual time, with nothing deployed
  $ cadre tasks --status Failed --json | jq -r '.items[].task_id'
${exitCodesHelp}`,
    );
  program.configureOutput({ outputError: (text, write) => write(usageError(text, program)) });
  // A usage error is bad input, like any other.
  program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading);
    for (const add of commands) add(program);
  }
  // An option of a group is not one of its commands: `cadre workflows definitions --limit 5` is about definitions.
  for (const group of program.commands) for (const each of [group, ...group.commands]) each.enablePositionalOptions();
  return program;
}

/** Commands as the help shows them. */
const groups: Readonly<Record<string, readonly ((program: Command) => void)[]>> = {
  'Begin:': [addStart, addUp, addDown, addStatus, addDoctor, addLogs],
  'Work:': [addRun, addSubmit, addWait, addTasks, addExplain, addCancel, addKill, addReview],
  'Workflows:': [addWorkflows, addApprovals, addSchedules, addBudgets],
  'Agents and queues:': [addAgents, addCapabilities, addPolicies, addNamespaces, addQueues, addDeadLetters],
  'Shared memory:': [addContext, addLocks],
  'What if:': [addSimulate, addTrace],
  'More:': [addCompletion],
};

/** What an option is, and whether the command cannot do without it. */
function optionDescription(option: Option): string {
  const description = new Help().optionDescription(option);
  return option.mandatory ? `${description} (required)` : description;
}

/** A usage error as every other refusal is told: what happened, and what to do. */
function usageError(text: string, program: Command): string {
  const message = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/, ': did you mean $1?');
  const { name, first } =
    /^too many arguments for '(?<name>[^']+)'.* got \d+: (?<first>[^,]+)/.exec(message)?.groups ?? {};
  const verbs =
    program.commands.find((command) => command.name() === name)?.commands.map((command) => command.name()) ?? [];
  const words = process.argv.slice(2);
  const path = ['cadre'];
  let known = program;
  for (const word of words) {
    const next = known.commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (next === undefined) continue;
    path.push(next.name());
    known = next;
  }
  const fix = `See \`${path.join(' ')} --help\`.`;
  const said = verbs.length === 0 ? message : `${message} ${first ?? ''} is none of its commands: ${verbs.join(', ')}.`;
  if (words.includes('--json')) return `${JSON.stringify({ error: { code: 'invalid-input', message: said, fix } })}\n`;
  return `cadre: ${said}\n  What to do: ${fix}\n`;
}

/**
 * What was typed, without a `list` or `show` that says what a noun does anyway: `cadre agents list` is `cadre agents`, `cadre agents show ID` is
 * `cadre agents ID`. People type it out of habit.
 */
export function plainWords(typed: readonly string[], program: Command): readonly string[] {
  let noun: Command | undefined;
  for (const [index, word] of typed.entries()) {
    if (word.startsWith('-')) continue;
    const next: Command | undefined = (noun ?? program).commands.find(
      (command) => command.name() === word || command.aliases().includes(word),
    );
    if (next !== undefined) noun = next;
    // Before any command it is the value of an option.
    else if (noun === undefined) continue;
    else if ((word !== 'list' && word !== 'show') || !isNoun(noun)) return typed;
    else return [...typed.slice(0, index), ...typed.slice(index + 1)];
  }
  return typed;
}

/** Whether a command lists things, or shows the one whose id it is given. */
function isNoun({ registeredArguments: [only, ...others], commands }: Command): boolean {
  if (others.length > 0) return false;
  return only === undefined ? commands.length > 0 : !only.required && ['id', 'type'].includes(only.name());
}

if (import.meta.main) {
  // A reader that has seen enough (`cadre tasks | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const program = createProgram();
  await program.parseAsync(plainWords(process.argv.slice(2), program), { from: 'user' });
}
