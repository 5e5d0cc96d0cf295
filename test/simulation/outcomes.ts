import type { WorkflowHead } from '../../src/contracts/workflow/rows.ts';
import type { WorkflowEvent } from '../../src/contracts/workflow/workflow.ts';
import { agentsOwnErrors } from './simulated-agent.ts';

/** The share of the workflows that are able to complete which must do so. Lower: what the cloud does shows in what users get. */
export const successShareMin = 0.999;

/** A workflow that did not complete although nothing which the seed meant to happen kept it from doing so, with all that failed in it. */
export interface SpoiltWorkflow {
  readonly workflow_id: string;
  readonly status: string;
  readonly failures: readonly string[];
}

/** What became of the workflows of a seed, or of many. */
export interface Outcomes {
  readonly submitted: number;
  /** Those that only the cloud could have spoilt: they completed, or are `spoilt`. */
  readonly able: number;
  /** How many of these completed. */
  readonly succeeded: number;
  /** How many of the others ended for which cause. One with several counts for the first in the order of `intended`. */
  readonly ended: Readonly<Record<string, number>>;
  readonly spoilt: readonly SpoiltWorkflow[];
}

/** A workflow that has ended, with its log. */
export interface EndedWorkflow {
  readonly head: Pick<WorkflowHead, 'workflow_id' | 'status' | 'cancel_reason'>;
  readonly events: readonly WorkflowEvent[];
}

/**
 * What keeps a workflow from completing because the seed means it to: what people decide, limits of money and time, agents that give up of their own accord, definitions that cannot do with what
 * they are given.
 */
const intended: readonly string[] = [
  ...['cancelled', 'killed', 'budget-exceeded', 'rejected', 'deadline-passed'],
  ...agentsOwnErrors,
  ...['timed-out', 'no-branch', 'too-large'],
];
/** Failures by what the nodes inside came to: these failed themselves, were not taken by a choice, or had not voted in time. */
const derived: readonly string[] = ['transaction-aborted', 'inner-failed'];
const meant = new Set([...intended, ...derived]);

type Failure = Extract<WorkflowEvent, { type: 'NodeFailed' }>;

/** The failures that mattered, then those that the definition ignores. */
function failuresOf({ events }: EndedWorkflow): readonly [Failure[], Failure[]] {
  const failures = events.filter((event) => event.type === 'NodeFailed');
  return [failures.filter(({ ignored }) => ignored !== true), failures.filter(({ ignored }) => ignored === true)];
}

/** What was meant to keep a workflow from completing; undefined: nothing was. */
function causeOf(workflow: EndedWorkflow): string | undefined {
  const [failures, ignored] = failuresOf(workflow);
  const codes = new Set(failures.map(({ error }) => error.code));
  if (workflow.head.cancel_reason !== undefined) codes.add('cancelled');
  const cause = intended.find((code) => codes.has(code));
  if (cause !== undefined) return cause;
  const isMeant = [...failures, ...ignored].every(({ error }) => meant.has(error.code));
  return isMeant ? derived.find((code) => codes.has(code)) : undefined;
}

/** Counts what ended how. */
export function outcomesOf(workflows: readonly EndedWorkflow[]): Outcomes {
  const succeeded = workflows.filter(({ head }) => head.status === 'Completed').length;
  const ended: Record<string, number> = {};
  const spoilt: SpoiltWorkflow[] = [];
  for (const workflow of workflows) {
    const { workflow_id, status } = workflow.head;
    if (status === 'Completed') continue;
    const cause = causeOf(workflow);
    if (cause !== undefined) ended[cause] = (ended[cause] ?? 0) + 1;
    else {
      const failures = failuresOf(workflow)
        .flat()
        .map(({ node, error }) => `${node}: ${error.code}, ${error.message}`);
      spoilt.push({ workflow_id, status, failures });
    }
  }
  return { submitted: workflows.length, able: succeeded + spoilt.length, succeeded, ended, spoilt };
}

/** Both together. */
export function sumOfOutcomes(one: Outcomes, other: Outcomes): Outcomes {
  const ended = { ...one.ended };
  for (const [cause, count] of Object.entries(other.ended)) ended[cause] = (ended[cause] ?? 0) + count;
  return {
    submitted: one.submitted + other.submitted,
    able: one.able + other.able,
    succeeded: one.succeeded + other.succeeded,
    ended,
    spoilt: [...one.spoilt, ...other.spoilt],
  };
}

/** How many of the workflows that were able to complete did (0-1). */
export function successShare({ able, succeeded }: Outcomes): number {
  return able === 0 ? 1 : succeeded / able;
}

/** What became of them, in words. */
export function describeOutcomes(outcomes: Outcomes): string {
  const { submitted, able, succeeded, ended } = outcomes;
  const count = (number: number): string => number.toLocaleString('en');
  const causes = Object.entries(ended).toSorted(([, one], [, other]) => other - one);
  const others = causes.map(([cause, number]) => `${cause} ${count(number)}`).join(', ');
  const share = (100 * successShare(outcomes)).toFixed(3);
  return `${count(submitted)} workflows: ${count(succeeded)} of the ${count(able)} that were able to complete did (${share} %); the others were meant to end otherwise: ${others}.`;
}

/** True when a workflow that did not complete says why: who cancelled it, or what failed with which error. */
export function isExplained({ head, events }: EndedWorkflow): boolean {
  if (head.status === 'Completed' || head.cancel_reason !== undefined) return true;
  return events.some((event) => event.type === 'NodeFailed' && event.error.code !== '' && event.error.message !== '');
}
