import type { TaskRow } from '../../src/contracts/rows.ts';
import type { Task } from '../../src/contracts/distributor/task.ts';
import type { WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import { createAgentOracle } from './agent-oracle.ts';
import { checkApproval } from './approval-oracle.ts';
import type { Commit } from '../../src/platform/twin/dynamodb/store.ts';
import { createBudgetOracle } from './budget-oracle.ts';
import { createEscalationOracle } from './escalation-oracle.ts';
import { createHedgeOracle, secondRunOf } from './hedge-oracle.ts';
import { createKeysOracle } from './keys-oracle.ts';
import { createLimitsOracle } from './limits-oracle.ts';
import { createLogOracle } from './log-oracle.ts';
import { createNamespaceOracle } from './namespace-oracle.ts';
import { createOrderOracle } from './order-oracle.ts';
import { nextVersion } from './scenario.ts';
import { createRulesOracle } from './rules-oracle.ts';
import { createSharesOracle } from './shares-oracle.ts';
import { createSpillOracle } from './spill-oracle.ts';
import type { Item } from './oracle.ts';

/** A broken promise: which one, and what was seen. */
export interface Violation {
  readonly at: number;
  readonly promise: string;
  readonly detail: string;
}

/** What the oracles may look up besides a commit's own rows. */
export interface OracleView {
  peek(pk: string, sk: string): Item | undefined;
  /**
   * Whether, since this time, two dispatchers worked at once (dispatch.fifo prevents it, unless a message comes again while it is worked on) a
   * dispatcher's write was refused by a throttled service, or an agent was stopped: then a round may be overtaken by the next one, which is the promise's stated bound.
   */
  isDisturbed(since: number): boolean;
  /** Whether another dispatcher was to hand out this task when somebody decided at this time. */
  isShared(task_id: string, at: number): boolean;
  /** Whether a round has read this route between these times. */
  isLookedAt(route: string, from: number, to: number): boolean;
  /** Whether the pool has a policy. */
  readonly hasPolicy: boolean;
  /** Whether others handed out a part of the round of this time. */
  isDivided(at: number): boolean;
  /** Whether a call of the table failed between these times. */
  hasFailed(from: number, to: number): boolean;
  /** Whether some round has read the waiting tasks of a namespace or submitter since. */
  isRead(sharer: string, since: number): boolean;
  /** When the last fault struck. */
  lastFaultAt(): number;
  /** The rows of all agents. */
  agents(): readonly Item[];
  /** Whether somebody has asked for the revival of this agent. */
  isRevived(agent_id: string): boolean;
  /** All slots of all agents: how many attempts may run at once. */
  readonly slots: number;
  /** A task as the seed submitted it. */
  submittedAs(task_id: string): Task | undefined;
  /** The definition of a workflow that the seed submitted. */
  definitionOf(workflow_id: string): WorkflowDefinition | undefined;
}

const finalStatuses = new Set(['Completed', 'Failed', 'Cancelled']);
/** How the dependencies of a node may stand when it starts, by its rule; rules that let it start before all have ended are not judged here. */
const allowedBefore: Readonly<Record<string, string>> = {
  all_success: 'CH',
  none_failed: 'CHN',
  all_done: 'CFHKNX',
};
/** How far a function's clock may be ahead (ms). */
const clockSkewMsMax = 250;
/**
 * The promises of docs/protocol.md and spec/Dispatch.tla, checked after every commit by comparing each row before and after. Names are those of the model's
 * invariants where it has them.
 */
export function createOracles(view: OracleView) {
  const violations: Violation[] = [];
  /** Ready tasks by index partition: sort key and the time since when it stands there. */
  const ready = new Map<string, Map<string, { readonly key: string; readonly since: number }>>();
  const effects = new Map<string, number>();

  function check(holds: boolean, at: number, promise: string, detail: () => string): void {
    if (!holds && violations.length < 20) violations.push({ at, promise, detail: detail() });
  }

  const checkLimits = createLimitsOracle(check);
  const checkHedge = createHedgeOracle(check);
  const escalation = createEscalationOracle(check, { ...view, ready });
  const checkSpill = createSpillOracle(check, view.submittedAs);
  const checkKeys = createKeysOracle(check);
  const checkOrderOf = createOrderOracle(check, { ...view, ready, isReserved });
  const checkRules = createRulesOracle(check, view);
  const checkAgent = createAgentOracle(check, view);
  const checkEvent = createLogOracle(check);

  function trackReady(before: Item | undefined, after: Item | undefined, at: number): void {
    const id = String((after ?? before)?.['task_id']);
    const was = before?.['gsi1pk'];
    const is = after?.['gsi1pk'];
    if (typeof was === 'string' && (was !== is || before?.['gsi1sk'] !== after?.['gsi1sk'])) ready.get(was)?.delete(id);
    // An entry that changes must reach the index again.
    const isNew = was !== is || before?.['attempt'] !== after?.['attempt'];
    if (typeof is === 'string' && is.startsWith('READY#') && isNew) {
      const lane = ready.get(is) ?? new Map<string, { key: string; since: number }>();
      lane.set(id, { key: String(after?.['gsi1sk']), since: at });
      ready.set(is, lane);
    }
  }

  /** Whether a slot is reserved for a waiting task: its turn came, only its claim was held up (a throttled write). */
  function isReserved(task_id: string): boolean {
    const attempt = Number(view.peek(`TASK#${task_id}`, 'TASK')?.['attempt']) + 1;
    return view.agents().some((agent) => Object.hasOwn(Object(agent['holds']) as object, `${task_id}#${attempt}`));
  }

  function checkTask(before: Item | undefined, after: Item | undefined, at: number): void {
    if (after === undefined) {
      check(false, at, 'NothingLost', () => `the row of ${String(before?.['task_id'])} vanished`);
      return;
    }
    escalation.onTask(before, after, at);
    checkSpill(before, after, at);
    const id = String(after['task_id']);
    const attempt = Number(after['attempt']);
    if (before === undefined) {
      check(after['status'] === 'Queued' && attempt === 0, at, 'NewTasksAreQueued', () => id);
      return;
    }
    const was = String(before['status']);
    const is = String(after['status']);
    const attemptWas = Number(before['attempt']);
    check(attempt >= attemptWas, at, 'FenceMonotone', () => `${id}: ${attemptWas} -> ${attempt}`);
    check(!(was === 'Completed' && is !== 'Completed'), at, 'DoneIsFinal', () => `${id}: ${was} -> ${is}`);
    check(
      !finalStatuses.has(was) || was === is || (was === 'Failed' && is === 'Queued'),
      at,
      'EndsAreFinal',
      () => `${id}: ${was} -> ${is}`,
    );
    if (was === 'Queued' && is === 'Processing') {
      check(attempt === attemptWas + 1, at, 'ClaimMovesFence', () => `${id}: ${attemptWas} -> ${attempt}`);
      checkOrderOf(before, after, at);
      checkRules(before, after, at);
    }
    if (is === 'Queued') {
      const isTimed = String(after['gsi1pk']).startsWith('TIMER#');
      const detail = () => `${id} stands at ${String(after['gsi1pk'])}, not_before ${String(after['not_before'])}`;
      check(isTimed === (after['not_before'] !== undefined), at, 'EntryFitsRow', detail);
    }
    checkLimits(before, after, at);
    checkHedge(before, after, at);
    if (is === 'Completed' && was !== 'Completed') {
      effects.set(id, (effects.get(id) ?? 0) + 1);
      const isWinner = attempt === attemptWas || attempt === secondRunOf(before)?.attempt;
      check(was === 'Processing' && isWinner, at, 'NoZombieWin', () => `${id} completed from ${was}`);
      checkWinner(after, at);
    }
    check((effects.get(id) ?? 0) <= 1, at, 'OneEffect', () => `${id} completed ${String(effects.get(id))} times`);
    if (is === 'Processing') checkHeld(after, at);
    checkExpiry(before, after, at);
  }

  /** The output that counts is that of the attempt which held the lease: simulated handlers put their attempt into it. */
  function checkWinner(task: Item, at: number): void {
    const { text = '{}' } = (task['output'] ?? {}) as { text?: string };
    const { attempt } = JSON.parse(text) as { attempt?: number };
    check(
      attempt === task['attempt'],
      at,
      'NoZombieWin',
      () => `${String(task['task_id'])}: attempt ${String(attempt)} won over ${String(task['attempt'])}`,
    );
  }

  /** A task follows its policy only once its deadline has passed, and only one that has a policy. */
  function checkExpiry(before: Item, after: Item, at: number): void {
    const id = String(after['task_id']);
    const isExpired = (row: Item): boolean => (row['error'] as TaskRow['error'])?.code === 'deadline-passed';
    const isMoved = before['route'] !== after['route'];
    if (isMoved || (isExpired(after) && !isExpired(before))) {
      const early = Date.parse(String(after['deadline'])) - at;
      check(early <= clockSkewMsMax, at, 'ExpiresAtDeadline', () => `${id} ${early} ms too early`);
      check(before['on_expiry'] !== undefined, at, 'ExpiresByPolicy', () => id);
    }
  }

  /** What is Processing is listed by its agent: recovery reads agents only. */
  function checkHeld(task: Item, at: number): void {
    const first = { attempt: Number(task['attempt']), agent_id: String(task['assigned_agent']) };
    for (const { attempt, agent_id } of [first, secondRunOf(task) ?? first]) {
      const agent = view.agents().find((row) => row['agent_id'] === agent_id);
      const holds = (agent?.['holds'] ?? {}) as Record<string, unknown>;
      const key = `${String(task['task_id'])}#${attempt}`;
      check(key in holds, at, 'ProcessingIsHeld', () => `${key} is not held by ${agent_id}`);
    }
  }

  function checkHead(before: Item | undefined, after: Item | undefined, at: number): void {
    if (after === undefined) return;
    const id = String(after['workflow_id']);
    const seq = Number(after['seq']);
    const seqWas = Number(before?.['seq'] ?? seq);
    check(seq === seqWas || seq === seqWas + 1, at, 'VersionsUnbroken', () => `${id}: seq ${seqWas} -> ${seq}`);
    if (seq !== seqWas)
      check(
        view.peek(`WORKFLOW#${id}`, `EVENT#${String(seq).padStart(8, '0')}`) !== undefined,
        at,
        'EventWithHead',
        () => `${id} seq ${seq}`,
      );
    check(
      !(before !== undefined && seq === seqWas && before['nodes'] !== after['nodes']),
      at,
      'NoBlindHeadWrite',
      () => `${id} seq ${seq}`,
    );
    // A token is never put over that of a later execution.
    const orders = [before, after].map((row) => Number(row?.['token_order'] ?? 0));
    check((orders[1] ?? 0) >= (orders[0] ?? 0), at, 'TokensGoOn', () => `${id}: ${orders.join(' -> ')}`);
    const nodesWas = typeof before?.['nodes'] === 'string' ? before['nodes'] : '';
    const nodes = String(after['nodes']);
    // In another version its nodes stand in other places; that the log gives the same state is checked at the end.
    const isMigrated = before?.['version'] !== after['version'];
    for (let index = 0; index < nodesWas.length; index += 1) {
      // A human may let a compensation that failed count as done.
      const isHelped = before?.['compensation'] === 'failed' && nodesWas[index] === 'F';
      const ended = 'CFHKNX'.includes(nodesWas[index] ?? '') && !isHelped;
      check(
        !ended || isMigrated || nodesWas[index] === nodes[index],
        at,
        'NodeEndsAreFinal',
        () => `${id} node ${index}: ${String(nodesWas[index])} -> ${String(nodes[index])}`,
      );
    }
    checkOrder(id, nodes, at, after['version'] !== undefined);
  }

  /** A node starts only when its dependencies ended, and, unless it says otherwise, completed. */
  function checkOrder(workflow_id: string, nodes: string, at: number, isMigrated: boolean): void {
    const submitted = view.definitionOf(workflow_id);
    if (submitted === undefined) return;
    const definition = isMigrated ? nextVersion(submitted) : submitted;
    const letterOf = new Map(definition.nodes.map((node, index) => [node.name, nodes[index] ?? 'W']));
    for (const node of definition.nodes) {
      if (!'SEC'.includes(letterOf.get(node.name) ?? 'W')) continue;
      if (typeof node.trigger_rule === 'object') continue;
      const allowed = allowedBefore[node.trigger_rule];
      if (allowed === undefined) continue;
      const isEarly = node.depends_on.some((name) => !allowed.includes(letterOf.get(name) ?? 'W'));
      check(!isEarly, at, 'DagOrder', () => `${workflow_id}:${node.name} before its dependencies`);
    }
  }

  const checkShares = createSharesOracle({ ...view, ready, isReserved }, check);
  const checkNamespace = createNamespaceOracle((at, detail) => {
    check(false, at, 'KilledStaysOut', () => detail);
  });
  const checkBudgets = createBudgetOracle(
    {
      head: (workflow_id) => view.peek(`WORKFLOW#${workflow_id}`, 'HEAD'),
      definitionOf: (workflow_id) => view.definitionOf(workflow_id),
      slots: view.slots,
    },
    (at, detail) => {
      check(false, at, 'BudgetKept', () => detail);
    },
  );

  return {
    violations,
    effects: (task_id: string): number => effects.get(task_id) ?? 0,
    onPulse: escalation.onPulse,
    onCommit(commit: Commit): void {
      const { at, changes } = commit;
      for (const { before, after } of changes) {
        const row = after ?? before;
        const sk = String(row?.['sk']);
        checkNamespace(before, after, at);
        if (sk === 'TASK') {
          checkTask(before, after, at);
          if (before !== undefined && after !== undefined) checkShares.onTask(before, after, at);
          trackReady(before, after, at);
        } else if (sk.startsWith('AGENT#')) {
          checkAgent(before, after, at);
          checkShares.onAgent(before, after, at);
        } else if (sk === 'HEAD') checkHead(before, after, at);
        else if (sk.startsWith('EVENT#')) checkEvent(before, after, at);
        else if (sk.startsWith('APPROVAL#'))
          checkApproval(before, after, (promise, detail) => {
            check(false, at, promise, () => detail);
          });
      }
      checkBudgets(commit);
      checkKeys(commit);
    },
  };
}
