import type { BatchTraits } from '../../src/contracts/distributor/agent.ts';
import type { EventRequest, WorkflowSignal } from '../../src/contracts/workflow/signal.ts';
import type { Task } from '../../src/contracts/distributor/task.ts';
import type { Usage } from '../../src/contracts/distributor/budget.ts';
import type { WorkflowUpdate } from '../../src/contracts/workflow/repair.ts';
import { priorities } from '../../src/contracts/distributor/task.ts';
import type { WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import type { PolicyDocument } from '../../src/contracts/distributor/policy.ts';
import type { FaultMix, FaultPoint } from '../../src/platform/twin/faults.ts';
import { attemptUsageMax, withBudget } from './drawn-budget.ts';
import { drawBurst, drawCrowds, drawKeyed, drawShared } from './drawn-crowds.ts';
import { withHedge, withHedgedNodes } from './drawn-hedges.ts';
import { capabilities, drawWorkflow } from './drawn-workflows.ts';
import { drawDeadline, drawEscalation, drawExpiry } from './drawn-deadlines.ts';
import { drawOverflow } from './drawn-overflow.ts';
import { drawRules } from './drawn-rules.ts';
import { drawSharing } from './drawn-shares.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import { drawEvents, drawSignals } from './drawn-events.ts';
import { drawActs, type PersonAct } from './people.ts';

/** How a simulated handler behaves on one attempt. */
export interface Behaviour {
  readonly ms: number;
  readonly end: 'completes' | 'fails' | 'refuses';
  /** What it reports to have used; some agents say nothing. */
  readonly usage?: Usage;
}

/** An agent of a seed. `crashes` and `freezes` are times after the start (ms) with how long they last; a crash without an end is for good. */
export interface SimulatedAgent {
  readonly id: string;
  readonly capabilities: readonly string[];
  readonly slots: number;
  /** It takes batches, `slots` of them at once. */
  readonly batch?: BatchTraits;
  /** Sends its results in a group of its own instead of the workflow's: correctness must not depend on the queue's order. */
  readonly ownGroup: boolean;
  readonly crashes: readonly { readonly at: number; readonly downMs?: number }[];
  readonly freezes: readonly { readonly at: number; readonly forMs: number }[];
}

/** Everything a seed does besides its faults. */
export interface Scenario {
  readonly agents: readonly SimulatedAgent[];
  readonly tasks: readonly {
    readonly at: number;
    readonly task: Task;
    readonly via: 'bus' | 'queue' | 'api';
    /** Who submits it. @default 'client' */
    readonly principal?: string;
  }[];
  /** The pool's policy, put as soon as there is somebody to hear it. */
  readonly policy?: PolicyDocument;
  readonly workflows: readonly {
    readonly at: number;
    readonly workflow_id: string;
    readonly definition: WorkflowDefinition;
    readonly namespace?: string;
    /** Once its rows are there, nobody asks for it again, whatever the client was told. */
    readonly forgotten?: true;
  }[];
  /** Events for workflows: so long after the submission was heard (ms), which may be before a node waits for them. */
  readonly signals: readonly {
    readonly after: number;
    readonly signal: WorkflowSignal & { readonly id: string };
    readonly via: 'bus' | 'api';
  }[];
  /** Events for whoever waits for their key; where there are some, nobody sends such a workflow its event. */
  readonly events: readonly {
    readonly at: number;
    readonly event: EventRequest & { readonly id: string };
    readonly via: 'bus' | 'api';
  }[];
  /** What people do about approvals, counted from when the submission was heard. */
  readonly people: readonly (PersonAct & { readonly workflow_id: string })[];
  /** Which tasks are cancelled when. */
  readonly cancels: readonly { readonly at: number; readonly task_id: string }[];
  /** Which workflows are cancelled, so soon after their n-th event that the cancellation meets what follows it. */
  readonly races: readonly { readonly workflow_id: string; readonly seq: number; readonly afterMs: number }[];
  /** Which agents are killed when, and when they are revived; without that time, never. */
  readonly kills: readonly { readonly at: number; readonly agent_id: string; readonly revivedAt?: number }[];
  /** When the namespace `doomed` is killed and revived. */
  readonly namespaceKill?: { readonly at: number; readonly revivedAt: number };
  /** Which tasks are killed when. */
  readonly taskKills: readonly { readonly at: number; readonly task_id: string }[];
  /** Which workflows are updated, so soon after their n-th event that the update meets what follows it. */
  readonly updates: readonly {
    readonly workflow_id: string;
    readonly seq: number;
    readonly afterMs: number;
    readonly change: WorkflowUpdate;
  }[];
  /** Which workflows go on by another version of their definition, so soon after their n-th event that the migration meets what follows it. */
  readonly migrations: readonly { readonly workflow_id: string; readonly seq: number; readonly afterMs: number }[];
  /** When all faults end (ms after the start). */
  readonly healAt: number;
  readonly mix: FaultMix;
}

/** Chances of a kind of fault when a seed draws it at all. */
const chances: Readonly<Partial<Record<FaultPoint, number>>> = {
  throttle: 0.04,
  lostAnswer: 0.04,
  transactionConflict: 0.05,
  partialBatch: 0.05,
  duplicate: 0.1,
  delay: 0.1,
  reorder: 0.1,
  lose: 0.05,
  visibilityExpiry: 0.03,
  lambdaTimeout: 0.02,
  lambdaCrashBefore: 0.03,
  lambdaCrashDuring: 0.05,
  lambdaCrashAfter: 0.03,
  staleIndex: 0.2,
};

function drawMix(random: Random): FaultMix {
  const drawn = Object.entries(chances).filter(() => random.chance(0.5));
  return {
    ...Object.fromEntries(drawn),
    // A submission that the queue took must not be lost; one that never got there is the client's to repeat.
    spare: (point, detail) => point === 'lose' && /cadre-tasks-|cadre-workflows|^eventbridge/.test(detail),
    delayMsMax: 4_000,
    staleIndexMsMax: 1_000,
    latencyMsMax: random.chance(0.6) ? 60 : 0,
    clockSkewMsMax: random.chance(0.3) ? 250 : 0,
  };
}

/** Some tasks share what only so many may use at once, or so often. */
function drawLimits(random: Random): Pick<Task, 'distribution_rules'> {
  if (!random.chance(0.35)) return {};
  const limits = [
    { concurrency: { key: 'one', limit: 1 } },
    { concurrency: { key: 'two', limit: 2 } },
    { rate_limit: { key: 'often', limit: 3, period_ms: 4_000 } },
  ];
  return { distribution_rules: random.pick(limits) };
}

function drawTask(random: Random, index: number, at: number): Task {
  const due = drawDeadline(random.fork(`deadline-${index}`), at);
  const priority = random.pick(priorities);
  return {
    task_id: `t${index}`,
    task_type: 'work',
    priority,
    required_capabilities: random.chance(0.2) ? [] : [random.pick(capabilities)],
    ...due,
    ...(due.deadline === undefined ? {} : drawExpiry(random.fork(`expiry-${index}`))),
    ...(due.deadline === undefined ? {} : drawEscalation(random.fork(`escalation-${index}`), priority)),
    ...withHedge(random.fork(`hedge-${index}`), drawLimits(random.fork(`limits-${index}`))),
    payload: { index, large: random.chance(0.1) ? 'x'.repeat(800) : '' },
  };
}

/** The version by which a migrated workflow goes on: the same nodes in other places, so that every letter moves. */
export function nextVersion(definition: WorkflowDefinition): WorkflowDefinition {
  return { ...definition, nodes: definition.nodes.toReversed(), queries: { ...definition.queries, migrated: 'true' } };
}

function drawUpdate(random: Random, workflow_id: string, at: number): Scenario['updates'] {
  if (!random.chance(0.4)) return [];
  const change = random.chance(0.5) ? { priority: random.pick(priorities) } : drawDeadline(random, at);
  const isNothing = Object.keys(change).length === 0;
  return isNothing ? [] : [{ workflow_id, seq: 1 + random.below(3), afterMs: random.below(400), change }];
}

function drawCrash(random: Random, healAt: number, mayBeForGood: boolean): SimulatedAgent['crashes'][number] {
  const at = random.below(healAt);
  return mayBeForGood && random.chance(0.6) ? { at } : { at, downMs: 1_000 + random.below(12_000) };
}

/** Some agents take batches, and some of these let the first of one wait for company. */
function drawBatch(random: Random): Pick<SimulatedAgent, 'batch'> {
  if (!random.chance(0.3)) return {};
  const wait = random.chance(0.5) ? { wait_ms: 1_000 + random.below(2_000) } : {};
  return { batch: { tasks_max: 2 + random.below(4), ...wait } };
}

function drawAgent(random: Random, index: number, healAt: number): SimulatedAgent {
  const isGeneralist = index === 0;
  return {
    id: `agent-${index}`,
    capabilities: isGeneralist ? [...capabilities] : capabilities.filter(() => random.chance(0.6)),
    slots: 1 + random.below(3),
    ...drawBatch(random.fork(`batch-${index}`)),
    ownGroup: random.chance(0.5),
    crashes: random.chance(0.7) ? [drawCrash(random, healAt, !isGeneralist)] : [],
    freezes: random.chance(0.3) ? [{ at: random.below(healAt), forMs: 2_000 + random.below(14_000) }] : [],
  };
}

/** The first agent can do everything and always comes back; the others may be gone for good. */
function drawKills(random: Random, agents: readonly SimulatedAgent[], healAt: number): Scenario['kills'] {
  return agents.flatMap(({ id }, index) => {
    if (!random.chance(0.15)) return [];
    const at = random.below(healAt);
    const isForGood = index > 0 && random.chance(0.5);
    return [{ at, agent_id: id, ...(isForGood ? {} : { revivedAt: at + 500 + random.below(8_000) }) }];
  });
}

/** The namespace that may be killed. */
export const doomed = 'doomed';

function drawNamespaceKill(random: Random, healAt: number): Pick<Scenario, 'namespaceKill'> {
  if (!random.chance(0.4)) return {};
  const at = random.below(healAt);
  return { namespaceKill: { at, revivedAt: at + 500 + random.below(12_000) } };
}

/** Draws a seed's scenario. */
export function drawScenario(random: Random): Scenario {
  const healAt = 8_000 + random.below(10_000);
  const spread = healAt * 0.7;
  const vias = ['bus', 'queue', 'api'] as const;
  const tasks = Array.from({ length: 2 + random.below(7) }, (_, index) => {
    const at = random.below(spread);
    const task = drawTask(random, index, at);
    const via = random.pick(vias);
    // Only the API tells whether a submission was refused.
    const isDoomed = via === 'api' && random.fork(`namespace-${index}`).chance(0.3);
    return { at, task: { ...task, ...(isDoomed ? { namespace: doomed } : {}) }, via };
  });
  const drawn = Array.from({ length: random.below(4) }, (_, index) => ({
    at: random.below(spread),
    workflow_id: `wf${index}`,
    ...(index % 2 === 0 && random.fork(`doom-${index}`).chance(0.3) ? { namespace: doomed } : {}),
    ...(random.fork(`forgotten-${index}`).chance(0.7) ? { forgotten: true as const } : {}),
    definition: withHedgedNodes(
      random.fork(`hedged-${index}`),
      withBudget(random.fork(`budget-${index}`), drawWorkflow(random, index)),
    ),
  }));
  const workflows = [...drawn, ...drawCrowds(random.fork('crowds'), spread)];
  const awaiting = workflows.filter(({ definition }) => definition.nodes.some(({ kind }) => kind === 'event'));
  const published = random.fork('published');
  const isPublished =
    awaiting.some(({ workflow_id }) => workflow_id === 'awaits') || (awaiting.length > 0 && published.chance(0.5));
  const signals = awaiting.flatMap(({ workflow_id }) =>
    drawSignals(random.fork(`signals-${workflow_id}`), workflow_id, spread / 2, isPublished),
  );
  const mix = drawMix(random);
  const drawnAgents = Array.from({ length: 2 + random.below(3) }, (_, index) => drawAgent(random, index, healAt));
  const sharing = drawSharing(random.fork('sharing'), drawnAgents);
  const spilling = drawOverflow(random.fork('overflow'), sharing);
  const { agents, tasks: shared, policy } = drawRules(random.fork('rules'), spilling);
  const kills = random.fork('kills');
  const nodes = workflows.flatMap(({ at, workflow_id, definition }) =>
    definition.nodes.map(({ name }) => ({ at, task_id: `${workflow_id}:${name}` })),
  );
  return {
    healAt,
    mix,
    agents,
    signals,
    events: isPublished ? drawEvents(published, spread) : [],
    people: workflows
      .filter(({ definition }) => definition.nodes.some(({ kind }) => kind === 'approval'))
      .flatMap(({ workflow_id }) =>
        drawActs(random.fork(`people-${workflow_id}`), `${workflow_id}:approve`, 6_000).map((each) => ({
          ...each,
          workflow_id,
        })),
      ),
    tasks: [
      ...tasks,
      ...drawBurst(random.fork('burst'), spread),
      ...drawShared(random.fork('shared'), spread),
      ...drawKeyed(random.fork('keyed'), spread),
      ...shared,
    ],
    ...(policy === undefined ? {} : { policy }),
    workflows,
    kills: drawKills(kills, agents, healAt),
    ...drawNamespaceKill(random.fork('namespace'), healAt),
    taskKills: [...tasks.map(({ at, task }) => ({ at, task_id: task.task_id })), ...nodes]
      .filter(() => kills.chance(0.06))
      .map(({ at, task_id }) => ({ at: at + kills.below(6_000), task_id })),
    cancels: tasks
      .filter(() => random.chance(0.12))
      .map(({ at, task }) => ({ at: at + random.below(6_000), task_id: task.task_id })),
    races: workflows
      .filter(() => random.chance(0.4))
      .map(({ workflow_id }) => ({ workflow_id, seq: 1 + random.below(4), afterMs: random.below(600) })),
    updates: workflows.flatMap(({ workflow_id, at }) =>
      drawUpdate(random.fork(`update-${workflow_id}`), workflow_id, at),
    ),
    migrations: workflows.flatMap(({ workflow_id }) => {
      const chance = random.fork(`migration-${workflow_id}`);
      return chance.chance(0.2) ? [{ workflow_id, seq: 1 + chance.below(4), afterMs: chance.below(400) }] : [];
    }),
  };
}

/** The longest a simulated attempt takes (ms). */
export const attemptMsMax = 6_000;

/** What a handler does with an attempt: the same for the same seed, task and attempt. */
export function behaviourOf(random: Random, task_id: string, attempt: number): Behaviour {
  const own = random.fork(`${task_id}#${attempt}`);
  const ms = own.chance(0.45) ? 2_000 + own.below(attemptMsMax - 2_000) : own.below(800);
  const roll = own.next();
  const spending = own.fork('usage');
  const { usd, tokens } = attemptUsageMax;
  const used = { usd: (usd * spending.below(101)) / 100, tokens: spending.below(tokens + 1) };
  const usage = spending.chance(0.15) ? {} : { usage: used };
  return { ms, end: roll < 0.06 ? 'fails' : roll < 0.09 ? 'refuses' : 'completes', ...usage };
}
