import { workflowOf } from '../../../contracts/ids.ts';
import type { PolicyDocument, PolicyRule, TaskMatch } from '../../../contracts/distributor/policy.ts';
import type { AgentRow, PolicyRow, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import { priorities } from '../../../contracts/distributor/task.ts';
import { namespaceOf } from '../ready/route.ts';
import { isCanaryTask } from './canary.ts';
import type { PlainStrategy, StrategySettings } from '../../../contracts/distributor/strategy.ts';
import { isKnown, plainSettings } from '../strategies/registry.ts';

/** How one task is to be routed. */
export interface Routing {
  /** What decided: a rule by its name, else undefined. */
  readonly rule?: string;
  /** Strategies in the order in which they are asked; the last one finds whoever is free, but none of weight 0. */
  readonly chain: readonly StrategySettings[];
  /** True: agents that the task itself names do not count. */
  readonly isPinned: boolean;
  /** Names the agents that `excludes` leaves, so that they are sorted out once for many tasks; undefined: all of them. */
  readonly filter?: string;
  /** Why an agent may not have the task; undefined when it may. */
  readonly excludes: (agent: AgentRow) => string | undefined;
  readonly prefers: ReadonlySet<string>;
}

/** Says how tasks are routed. */
export type Router = (task: ReadyTask, route: RouteRow) => Routing;

const nobody: ReadonlySet<string> = new Set();

/** Whether a task is one of those that a rule or a limit is about. */
export function matches(
  { task_type, priority, capability, namespace, workflow }: TaskMatch,
  task: Pick<ReadyTask, 'task_id' | 'task_type' | 'priority'>,
  route: RouteRow,
): boolean {
  if (task_type !== undefined && !task_type.includes(task.task_type)) return false;
  if (priority !== undefined && !priority.includes(task.priority)) return false;
  if (capability !== undefined && !capability.some((each) => route.required_capabilities.includes(each))) return false;
  if (namespace !== undefined && !namespace.includes(namespaceOf(route))) return false;
  return workflow === undefined || workflow.includes(workflowOf(task.task_id)?.workflow_id ?? '');
}

/** Whether the agent has all these labels. */
export function hasLabels(agent: Pick<AgentRow, 'labels'>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => agent.labels?.[name] === value);
}

/** Strategies that leave nobody to the default behind them: `weighted` finds whoever is free and has a weight. */
const lasts: readonly (string | undefined)[] = ['least_loaded', 'weighted'];

/** The strategy of this name and its fallbacks, in the end the default. One that is not known, as an older version of Cadre may meet it, is left out; a name that is not known ends the chain. */
function chainOf(name: string, strategies: PolicyDocument['strategies'] = {}): readonly StrategySettings[] {
  const chain: StrategySettings[] = [];
  const seen = new Set<string>();
  for (let next: string | undefined = name; next !== undefined && !seen.has(next);) {
    seen.add(next);
    const settings = (strategies[next] ?? plainSettings(next as PlainStrategy)) as StrategySettings | undefined;
    if (settings !== undefined && isKnown(settings.use)) chain.push(settings);
    next = settings?.fallback;
  }
  return lasts.includes(chain.at(-1)?.use) ? chain : [...chain, plainSettings('least_loaded')];
}

/** Whether an agent that is free gets the task in the end: whoever has a weight, where `weighted` comes last; else anybody. */
export function mayTake({ chain }: Pick<Routing, 'chain'>, { agent_id }: Pick<AgentRow, 'agent_id'>): boolean {
  const last = chain.at(-1);
  return last?.use !== 'weighted' || (last.weights[agent_id] ?? last.otherwise) > 0;
}

function exclusion(
  agent: AgentRow,
  rule: PolicyRule | undefined,
  kept: Readonly<Record<string, string>> | undefined,
): string | undefined {
  if (rule?.pin !== undefined && agent.agent_id !== rule.pin) return `rule ${rule.name} pins the task to ${rule.pin}`;
  if (rule?.exclude_agents?.includes(agent.agent_id) === true) return `excluded by rule ${rule.name}`;
  if (rule?.require_labels !== undefined && !hasLabels(agent, rule.require_labels))
    return `lacks labels of rule ${rule.name}`;
  if (kept !== undefined && hasLabels(agent, kept)) return 'kept for emergencies';
  return undefined;
}

/** Whether the policy pins tasks to agents, which those need not name. */
export function pinsTasks(policy: PolicyRow | undefined): boolean {
  const documents = [policy?.document, policy?.canary?.document];
  return documents.some((document) => document?.rules?.some(({ pin }) => pin !== undefined) === true);
}

/** Whether an agent is kept for emergencies of higher levels than this one, so that no task of it or of a lower one gets that agent. */
export function isKeptFrom(agent: AgentRow, level: number, policy: PolicyRow | undefined): boolean {
  const { emergency } = policy?.document ?? {};
  if (emergency === undefined || policy?.canary !== undefined || !hasLabels(agent, emergency.keep_labels)) return false;
  return emergency.match.priority?.every((each) => priorities.indexOf(each) < level) === true;
}

/** Reads a pool's policy, and what is tried on a share of its tasks. `now` is epoch ms. */
export function routerOfPool(policy: PolicyRow | undefined, now: number): Router {
  const router = routerOf(policy?.document, now);
  if (policy?.canary === undefined) return router;
  const tried = routerOf(policy.canary.document, now);
  return (task, route) => {
    if (!isCanaryTask(policy, task.task_id)) return router(task, route);
    const routing = tried(task, route);
    // Rules of the two may have the same name and sort out others.
    return routing.filter === undefined ? routing : { ...routing, filter: `canary ${routing.filter}` };
  };
}

/** Reads a policy once for many tasks: the first rule that matches decides, then the task's own strategy, its type's, the pool's. `now` is epoch ms. */
export function routerOf(document: PolicyDocument | undefined, now: number): Router {
  const { strategies, strategy = 'least_loaded', by_task_type = {}, rules = [], emergency } = document ?? {};
  const inForce = rules.filter(({ until }) => until === undefined || now < Date.parse(until));
  const chains = new Map<string, readonly StrategySettings[]>();
  const chain = (name: string) => {
    const known = chains.get(name) ?? chainOf(name, strategies);
    chains.set(name, known);
    return known;
  };
  return (task, route) => {
    const rule = inForce.find(({ match }) => matches(match, task, route));
    const kept = emergency !== undefined && !matches(emergency.match, task, route) ? emergency.keep_labels : undefined;
    const own = task.distribution_rules?.routing_strategy;
    const sorts = rule?.pin ?? rule?.exclude_agents ?? rule?.require_labels ?? kept;
    return {
      ...(rule === undefined ? {} : { rule: rule.name }),
      // Of one agent there is nothing to choose.
      chain: chain(
        rule?.pin === undefined ? (rule?.strategy ?? own ?? by_task_type[task.task_type] ?? strategy) : 'least_loaded',
      ),
      isPinned: rule?.pin !== undefined,
      ...(sorts === undefined ? {} : { filter: `${rule?.name ?? ''} ${kept === undefined ? '' : 'kept'}` }),
      excludes: (agent) => exclusion(agent, rule, kept),
      prefers: rule?.prefer_agents === undefined ? nobody : new Set(rule.prefer_agents),
    };
  };
}
