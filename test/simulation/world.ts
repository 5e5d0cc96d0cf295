import { isDeepStrictEqual } from 'node:util';
import type { SQSEvent } from 'aws-lambda';
import type { TaskRow } from '../../src/contracts/rows.ts';
import type { WorkflowHead } from '../../src/contracts/workflow/rows.ts';
import type { WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import { ownPart } from '../../src/platform/aws/distributor/agent-access.ts';
import { agentKey } from '../../src/platform/aws/keys.ts';
import type { Item } from '../../src/platform/aws/item.ts';
import type { Commit } from '../../src/platform/twin/dynamodb/store.ts';
import type { LambdaHandler } from '../../src/platform/twin/lambda.ts';
import { createRandom } from '../../src/platform/twin/random.ts';
import { deployTwin, type TwinDeployment } from '../../src/sdk/test-cloud/twin-deployment.ts';
import { replay } from '../../src/workflow/core/run/reducer.ts';
import { approvalsSettled, checkApprovalsEnded } from './approval-oracle.ts';
import { startClient, startRepeater } from './clients.ts';
import { unowed } from './execution-oracle.ts';
import type { Mutant } from './mutant.ts';
import { type EndedWorkflow, isExplained, outcomesOf, type Outcomes } from './outcomes.ts';
import { resubmitMs, startOperator } from './operator.ts';
import { createOracles, type Violation } from './oracles.ts';
import { attemptMsMax, drawScenario, type Scenario } from './scenario.ts';
import { decidingEvent, watchShares } from './shared-rounds.ts';
import { checkTries } from './tries-oracle.ts';
import { startSimulatedAgent } from './simulated-agent.ts';
import { stray } from './stray.ts';
import { type PulseWatch, watchedPulse } from './watched-pulse.ts';

/** After the last fault, whatever was lost is found and goes on within this time (ms of virtual time). */
export const recoveryMsMax = 30_000;
/** Every execution must have ended this much later (ms of virtual time). */
const executionMsMax = 120_000;
/** How often a dispatcher of work under limits is met by one that has outlived its message. Elsewhere none is: where they meet, the order of starts is judged less. */
const strayChance = 0.6;
/** How often new agents stand apart from their pool, and how few tasks a dispatcher then hands out itself at most. */
const [spreadChance, ownTasksMax] = [0.25, 3];
/** What tells the lanes of tasks with keys from other routes. */
const lane = '%';
/** Faults after which a dispatcher's round is only half done. */
const disturbing: ReadonlySet<string> = new Set(['throttle', 'lostAnswer', 'transactionConflict', 'partialBatch']);

/** What a seed came to. */
export interface SeedReport {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly faults: number;
  readonly tasks: number;
  readonly workflows: Outcomes;
  /** The longest time after the last fault in which nothing went on although work was left (ms of virtual time), the attempts' own time not counted. */
  readonly recoveryMs: number;
  readonly trace: string;
}

const finalTask = new Set(['Completed', 'Failed', 'Cancelled']);
const finalWorkflow = new Set(['Completed', 'Failed', 'Partially Complete']);

/** Puts a mutant's mistakes around a function. */
function spoilHandler(mutant: Mutant | undefined, name: string, handler: LambdaHandler): LambdaHandler {
  if (mutant?.withoutPulse === true && name === 'pulse') return () => ({ batchItemFailures: [] });
  if (mutant?.acknowledgesFirst === true && name !== 'begin-workflow' && name !== 'finish-workflow') {
    return async (event, context) => {
      // Acknowledged at once: the work goes on behind it, and whatever becomes of it is nobody's business.
      void Promise.resolve(handler(event, context)).catch(() => undefined);
      return { batchItemFailures: [] };
    };
  }
  const skew = mutant?.agentClockMs;
  if (skew !== undefined && name === 'record-heartbeats') {
    return (event, context) => {
      const { Records } = event as SQSEvent;
      const skewed = Records.map((record) => ({
        ...record,
        attributes: { ...record.attributes, SentTimestamp: String(Number(record.attributes.SentTimestamp) + skew) },
      }));
      return handler({ Records: skewed } as never, context);
    };
  }
  return handler;
}

/** What must be true when everything has ended. */
async function checkEnd(
  deployment: TwinDeployment,
  scenario: Scenario,
  effects: (id: string) => number,
): Promise<{ readonly violations: Violation[]; readonly workflows: Outcomes }> {
  const { cloud } = deployment;
  const ended: EndedWorkflow[] = [];
  const at = cloud.clock.now();
  const violations: Violation[] = [];
  const fail = (promise: string, detail: string) => void violations.push({ at, promise, detail });
  const rows = cloud.dynamodb.items() as unknown as (TaskRow &
    WorkflowHead & { pk: string; sk: string; holds?: object; agent_id?: string })[];
  const tasks = rows.filter((row) => row.sk === 'TASK');
  for (const { task } of scenario.tasks) {
    if (!tasks.some((row) => row.task_id === task.task_id))
      fail('Conservation', `${task.task_id} was submitted and has no row`);
  }
  for (const row of tasks) {
    if (!finalTask.has(row.status))
      fail('EventuallyTerminal', `${row.task_id} is still ${row.status} (attempt ${row.attempt}, ${row.route})`);
    if (row.status === 'Completed' && effects(row.task_id) !== 1)
      fail('OneEffect', `${row.task_id} took effect ${effects(row.task_id)} times`);
  }
  for (const agent of rows.filter((row) => row.sk.startsWith('AGENT#'))) {
    const holds = Object.keys(agent.holds ?? {});
    if (holds.length > 0) fail('NoOrphanLease', `${String(agent.agent_id)} still holds ${holds.join(', ')}`);
  }
  for (const { workflow_id, definition } of scenario.workflows) {
    const head = rows.find((row) => row.sk === 'HEAD' && row.workflow_id === workflow_id);
    if (head === undefined) fail('Conservation', `${workflow_id} was submitted and has no head`);
    else if (!finalWorkflow.has(head.status))
      fail('EventuallyTerminal', `${workflow_id} is still ${head.status} (${head.nodes})`);
    else {
      const log = await cloud.clock.drive(deployment.runtime('auditor').workflows.events(workflow_id));
      const events = log.flatMap((row) => row.events);
      const workflow = { head, events };
      ended.push(workflow);
      if (!isExplained(workflow)) fail('EndsAreExplained', `${workflow_id} is ${head.status} and says not why`);
      checkTries(definition, log, (promise, detail) => fail(promise, `${workflow_id}: ${detail}`));
      const state = replay(definition, events);
      const received = events.flatMap((event) => (event.type === 'SignalReceived' ? [event.id] : []));
      const taken = events.flatMap((event) => (event.type === 'NodeCompleted' ? (event.signal ?? []) : []));
      for (const list of [received, taken])
        if (new Set(list).size < list.length) fail('SignalOnce', `${workflow_id}: ${list.join(', ')}`);
      const charged = events.flatMap((event) =>
        event.type === 'BudgetSpent' ? event.attempts.map(({ node, attempt }) => `${node}#${attempt}`) : [],
      );
      if (new Set(charged).size < charged.length) fail('ChargedOnce', `${workflow_id}: ${charged.join(', ')}`);
      if (!isDeepStrictEqual(state.spent, head.spent))
        fail('ReplayGivesState', `${workflow_id}: ${JSON.stringify(state.spent)} is not ${JSON.stringify(head.spent)}`);
      if (state.nodes !== head.nodes || state.status !== head.status)
        fail('ReplayGivesState', `${workflow_id}: ${state.nodes} is not ${head.nodes}`);
      const executions = cloud.stepFunctions.executions().filter(({ name }) => name === workflow_id);
      if (executions.some(({ status }) => status === 'RUNNING')) fail('ExecutionEnds', workflow_id);
      if (executions.length === 0) fail('ExecutionShown', workflow_id);
    }
  }
  checkApprovalsEnded(rows as unknown as readonly Readonly<Record<string, unknown>>[], fail);
  return { violations, workflows: outcomesOf(ended) };
}

/** An agent's row, with its pool or apart from it. */
function agentItem(dynamodb: TwinDeployment['cloud']['dynamodb'], id: string): Item | undefined {
  const places = [agentKey('default', id), agentKey('default', id, ownPart(id))];
  return places.map(({ pk, sk }) => dynamodb.peek(pk, sk)).find((row) => row !== undefined);
}

function isAllEnded({ cloud }: TwinDeployment, scenario: Scenario): boolean {
  const { dynamodb } = cloud;
  const tasksEnded = scenario.tasks.every(({ task }) =>
    finalTask.has(String(dynamodb.peek(`TASK#${task.task_id}`, 'TASK')?.['status'])),
  );
  const workflowsEnded = scenario.workflows.every(({ workflow_id }) =>
    finalWorkflow.has(String(dynamodb.peek(`WORKFLOW#${workflow_id}`, 'HEAD')?.['status'])),
  );
  const handsEmpty = scenario.agents.every(
    ({ id }) => Object.keys(agentItem(dynamodb, id)?.['holds'] ?? {}).length === 0,
  );
  if (!tasksEnded || !workflowsEnded || !handsEmpty) return false;
  // A workflow may end before the last of its tasks, which are stopped behind it.
  return dynamodb.items().every(({ sk, status }) => sk !== 'TASK' || finalTask.has(String(status)));
}

/**
 * Lets time pass until everything has ended. However much work is left, something must go on: an attempt takes a while, and whatever was lost must be found
 * within the time of recovery. Answers with the longest time without any progress after the last fault, the attempts' own time not counted.
 */
async function watchProgress(
  deployment: TwinDeployment,
  scenario: Scenario,
  lastFault: number,
  isBroken: () => boolean,
) {
  const { clock, dynamodb } = deployment.cloud;
  let progressAt = Math.max(clock.now(), lastFault);
  let longest = 0;
  dynamodb.onCommit(({ at, changes }) => {
    if (
      at <= progressAt ||
      !changes.some(({ before, after }) => before?.['sk'] === 'TASK' && before['status'] !== after?.['status'])
    )
      return;
    longest = Math.max(longest, at - progressAt);
    progressAt = at;
  });
  const isStuck = (): boolean => clock.now() - progressAt > recoveryMsMax + attemptMsMax;
  await clock.run(() => isBroken() || isStuck() || isAllEnded(deployment, scenario));
  return { longestMs: Math.max(0, Math.max(longest, clock.now() - progressAt) - attemptMsMax), isStuck: isStuck() };
}

/** Who looks closely: hears every step, every commit. */
export interface Watcher {
  readonly onRecord?: (line: string, at: number) => void;
  readonly onCommit?: (commit: Commit) => void;
}

/** Runs one seed: a scenario with faults until it heals, then until everything has ended. */
export async function runSeed(seed: number, mutant?: Mutant, watcher: Watcher = {}): Promise<SeedReport> {
  const random = createRandom(`seed ${seed}`);
  const scenario = drawScenario(random.fork('scenario'));
  const definitions = new Map<string, WorkflowDefinition>(
    scenario.workflows.map(({ workflow_id, definition }) => [workflow_id, definition]),
  );
  const submitted = new Map(scenario.tasks.map(({ task }) => [task.task_id, task]));
  let dispatching = 0;
  let overlapAt = 0;
  let stoppedAt = 0;
  const shares = watchShares(() => cloud.clock.now());
  const pulses: PulseWatch = {
    now: () => cloud.clock.now(),
    hasFailed: (from, to) => hasFailed(from, to),
    onWhole: (began, ended) => oracles.onPulse(began, ended),
  };
  const deployment = deployTwin(
    { seed, faults: scenario.mix },
    {
      adapters: (adapters, clients, name) => shares.adapters(mutant?.spoil?.(adapters, clients) ?? adapters, name),
      handler: (name, handler) => {
        const spoilt = spoilHandler(mutant, name, name === 'pulse' ? watchedPulse(handler, pulses) : handler);
        if (name !== 'dispatch-tasks') return spoilt;
        return async (event, context) => {
          const deciding = decidingEvent(event);
          if (deciding === undefined) return spoilt(event, context);
          const isLimited = deciding.Records.some(({ body }) => body.includes(lane));
          if (isLimited && cloud.faults.active && strays.chance(strayChance)) void startStray(deciding);
          dispatching += 1;
          try {
            return await shares.watched(spoilt)(event, context);
          } finally {
            if (dispatching > 1) overlapAt = cloud.clock.now();
            dispatching -= 1;
          }
        };
      },
    },
  );
  const { cloud } = deployment;
  const strays = random.fork('strays');
  const strayRuntime = deployment.runtime('stray');
  const startStray = async (event: SQSEvent): Promise<void> => {
    // As good as two: it goes by what it read before it stood still.
    dispatching += 2;
    await stray(event, { runtime: strayRuntime, clock: cloud.clock, random: strays }).catch(() => undefined);
    overlapAt = cloud.clock.now();
    dispatching -= 2;
  };
  if (watcher.onRecord !== undefined) cloud.clock.onRecord(watcher.onRecord);
  if (watcher.onCommit !== undefined) cloud.dynamodb.onCommit(watcher.onCommit);
  const api = deployment.runtime('api');
  const startedAt = cloud.clock.now();
  // A throttled write leaves the pool as it is.
  const spread = random.fork('spread');
  if (spread.chance(spreadChance))
    void api.agents.spread('default', 1 + spread.below(ownTasksMax)).catch(() => undefined);
  const hasFailed = (from: number, to: number): boolean =>
    cloud.faults.log.some(
      ({ at, point, detail }) => at >= from && at <= to && disturbing.has(point) && detail.startsWith('dynamodb:'),
    );
  const { isRevived } = startOperator(api, deployment, scenario, startedAt);
  const oracles = createOracles({
    isRevived,
    peek: (pk, sk) => cloud.dynamodb.peek(pk, sk),
    isShared: shares.isShared,
    isDivided: shares.isDivided,
    isRead: shares.isRead,
    isLookedAt: shares.isLookedAt,
    hasPolicy: scenario.policy !== undefined,
    isDisturbed: (since) =>
      dispatching > 1 || overlapAt >= since || stoppedAt >= since - 500 || hasFailed(since - 500, Infinity),
    hasFailed,
    lastFaultAt: () => cloud.faults.lastAt ?? startedAt,
    agents: () => scenario.agents.map(({ id }) => agentItem(cloud.dynamodb, id)).filter((row) => row !== undefined),
    submittedAs: (id) => submitted.get(id),
    definitionOf: (id) => definitions.get(id),
    slots: scenario.agents.reduce((sum, { slots, batch }) => sum + slots * (batch?.tasks_max ?? 1), 0),
  });
  cloud.dynamodb.onCommit((commit) => {
    const isStopping = commit.changes.some(
      ({ before, after }) => after?.['stopped'] !== undefined && before?.['stopped'] === undefined,
    );
    if (isStopping) stoppedAt = commit.at;
    oracles.onCommit(commit);
    for (const detail of unowed(commit, cloud.stepFunctions.executions()))
      oracles.violations.push({ at: commit.at, promise: 'ExecutionIsOwed', detail });
  });
  for (const agent of scenario.agents) {
    // Drawn apart, so that recorded seeds keep their stories.
    const byHttp = random.fork(`http/${agent.id}`).chance(0.3);
    startSimulatedAgent(deployment, api, { ...agent, byHttp }, random, startedAt);
  }
  startClient(deployment, api, scenario, startedAt);
  startRepeater(api, deployment, scenario, startedAt);
  await cloud.clock.run(() => false, scenario.healAt);
  cloud.faults.heal();
  // The agents' own crashes and freezes are faults too: the last one ends at most this long after the healing.
  const lastFault = Math.max(
    cloud.clock.now(),
    ...scenario.agents.flatMap(({ crashes, freezes }) => [
      ...crashes.map(({ at, downMs = 0 }) => startedAt + at + downMs),
      ...freezes.map(({ at, forMs }) => startedAt + at + forMs),
    ]),
    startedAt + (scenario.namespaceKill?.revivedAt ?? 0) + resubmitMs,
    ...scenario.kills.map(({ at, revivedAt = at }) => startedAt + revivedAt + resubmitMs),
  );
  const { longestMs, isStuck } = await watchProgress(
    deployment,
    scenario,
    lastFault,
    () => oracles.violations.length > 0,
  );
  // The execution only shows what the table knows; Step Functions repeats a dead step in its own time.
  const running = () => cloud.stepFunctions.executions().filter(({ status }) => status === 'RUNNING');
  // Nor is one that ended at once shown before the pulse has started what nobody else did.
  const isShown = () => {
    const names = new Set(cloud.stepFunctions.executions().map(({ name }) => name));
    return scenario.workflows.every(({ workflow_id }) => names.has(workflow_id));
  };
  await cloud.clock.run(() => running().length === 0 && isShown(), executionMsMax);
  // News of a decision may be owed when the workflow has gone on already.
  await cloud.clock.run(() => scenario.people.length === 0 || approvalsSettled(cloud.dynamodb.items()), recoveryMsMax);
  const ends = running().map(({ name }) => ({ at: cloud.clock.now(), promise: 'ExecutionEnds', detail: name }));
  const detail = `nothing happened for ${recoveryMsMax} ms although work was left`;
  const stuck = isStuck ? [{ at: cloud.clock.now(), promise: 'RecoversInTime', detail }] : [];
  // After a broken promise the rest says nothing.
  const isBroken = oracles.violations.length > 0;
  const end = isBroken ? undefined : await checkEnd(deployment, scenario, oracles.effects);
  const violations = end === undefined ? oracles.violations : [...stuck, ...end.violations, ...ends];
  return {
    seed,
    violations,
    faults: cloud.faults.log.length,
    tasks: scenario.tasks.length,
    workflows: end?.workflows ?? outcomesOf([]),
    recoveryMs: longestMs,
    trace: cloud.clock.trace,
  };
}
