import type { VirtualClock } from '../virtual-clock.ts';
import type { Catcher, MachineDefinition, Retrier, StateDefinition } from './definition.ts';
import { StatesError } from './template.ts';
import type { Template, TemplateScope } from './template.ts';

/** Carries out a Task's resource. `token` is set for the callback form. */
export type RunTask = (
  resource: string,
  args: unknown,
  wait: { readonly token: string; readonly heartbeatMs: number | undefined } | undefined,
) => Promise<unknown>;

/** What an execution needs of the world. */
export interface InterpreterDeps {
  readonly clock: VirtualClock;
  readonly template: Template;
  readonly runTask: RunTask;
  readonly newToken: () => string;
  readonly forgetToken: (token: string) => void;
  /** Rejects when the execution is stopped from outside. */
  readonly stopped: Promise<never>;
  readonly execution: {
    readonly Id: string;
    readonly Name: string;
    readonly Input: unknown;
    readonly StartTime: string;
  };
  readonly onState: (name: string) => void;
}

/** Service quotas end a runaway machine: a loop in a definition must not hang a test. */
const transitionsMax = 25_000;
const retryDefaults = { IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 2 };

interface Step {
  readonly next: string | undefined;
  readonly output: unknown;
  readonly assign: Readonly<Record<string, unknown>>;
}

/** Runs a machine to its end: its output, or a StatesError. */
export async function interpret(machine: MachineDefinition, input: unknown, deps: InterpreterDeps): Promise<unknown> {
  let variables: Record<string, unknown> = {};
  let name = machine.StartAt;
  let current = input;
  for (let transition = 0; transition < transitionsMax; transition++) {
    const state = machine.States[name];
    if (state === undefined) throw new StatesError('States.Runtime', `No state ${name}`);
    deps.onState(name);
    const step = await runState(name, state, current, variables, deps);
    variables = { ...variables, ...step.assign };
    current = step.output;
    if (step.next === undefined) return current;
    name = step.next;
  }
  throw new StatesError('States.Runtime', `The execution reached ${transitionsMax} transitions`);
}

async function runState(
  name: string,
  state: StateDefinition,
  input: unknown,
  variables: Readonly<Record<string, unknown>>,
  deps: InterpreterDeps,
): Promise<Step> {
  const context = {
    Execution: deps.execution,
    State: { Name: name, EnteredTime: new Date(deps.clock.now()).toISOString(), RetryCount: 0 },
    StateMachine: { Name: 'twin' },
  };
  const scope: TemplateScope = { states: { input, context }, variables };
  const next = state.End === true ? undefined : state.Next;
  switch (state.Type) {
    case 'Task':
      return runTaskState(state, scope, deps);
    case 'Pass':
    case 'Succeed':
      return finishStep(state, next, input, scope, deps.template);
    case 'Wait':
      await Promise.race([deps.clock.sleep(await waitMs(state, scope, deps)), deps.stopped]);
      return finishStep(state, next, input, scope, deps.template);
    case 'Fail': {
      const error = await deps.template(state.Error ?? '', scope);
      throw new StatesError(String(error), String(await deps.template(state.Cause ?? '', scope)));
    }
    case 'Choice':
      return choose(state, input, scope, deps.template);
  }
}

async function finishStep(
  from: { readonly Output?: unknown; readonly Assign?: Readonly<Record<string, unknown>> },
  next: string | undefined,
  otherwise: unknown,
  scope: TemplateScope,
  template: Template,
): Promise<Step> {
  const output = from.Output === undefined ? otherwise : await template(from.Output, scope);
  const assign = from.Assign === undefined ? {} : ((await template(from.Assign, scope)) as Record<string, unknown>);
  return { next, output, assign };
}

async function waitMs(state: StateDefinition, scope: TemplateScope, deps: InterpreterDeps): Promise<number> {
  if (state.Timestamp !== undefined)
    return Date.parse(String(await deps.template(state.Timestamp, scope))) - deps.clock.now();
  return Number(await deps.template(state.Seconds ?? 0, scope)) * 1000;
}

async function choose(state: StateDefinition, input: unknown, scope: TemplateScope, template: Template): Promise<Step> {
  for (const choice of state.Choices ?? []) {
    if ((await template(choice.Condition, scope)) === true)
      return finishStep(choice, choice.Next, input, scope, template);
  }
  if (state.Default === undefined)
    throw new StatesError('States.NoChoiceMatched', 'No choice matched and there is no Default');
  return finishStep(state, state.Default, input, scope, template);
}

async function runTaskState(state: StateDefinition, scope: TemplateScope, deps: InterpreterDeps): Promise<Step> {
  const attempts = new Map<Retrier, number>();
  for (let retryCount = 0; ; retryCount++) {
    try {
      const result = await attemptTask(state, scope, deps, retryCount);
      const next = state.End === true ? undefined : state.Next;
      return await finishStep(state, next, result, withStates(scope, { result }), deps.template);
    } catch (error) {
      const failure = asStatesError(error);
      const delayMs = retryDelayMs(state.Retry ?? [], failure, attempts);
      if (delayMs !== undefined) {
        await Promise.race([deps.clock.sleep(delayMs), deps.stopped]);
        continue;
      }
      const catcher = state.Catch?.find((candidate: Catcher) => matchesError(candidate.ErrorEquals, failure.error));
      if (catcher === undefined) throw failure;
      const errorOutput = { Error: failure.error, Cause: failure.cause };
      return await finishStep(catcher, catcher.Next, errorOutput, withStates(scope, { errorOutput }), deps.template);
    }
  }
}

async function attemptTask(
  state: StateDefinition,
  scope: TemplateScope,
  deps: InterpreterDeps,
  retryCount: number,
): Promise<unknown> {
  const resource = state.Resource ?? '';
  const token = resource.endsWith('.waitForTaskToken') ? deps.newToken() : undefined;
  const context = scope.states.context as { readonly State: object };
  const taskContext = {
    ...context,
    State: { ...context.State, RetryCount: retryCount },
    ...(token === undefined ? {} : { Task: { Token: token } }),
  };
  const taskScope = withStates(scope, { context: taskContext });
  const args = await deps.template(state.Arguments ?? {}, taskScope);
  const timeoutMs = await secondsToMs(state.TimeoutSeconds, taskScope, deps.template);
  const heartbeatMs = await secondsToMs(state.HeartbeatSeconds, taskScope, deps.template);
  const work = deps.runTask(resource, args, token === undefined ? undefined : { token, heartbeatMs });
  const ending = new AbortController();
  const contenders: Promise<unknown>[] = [work, deps.stopped];
  if (timeoutMs !== undefined) contenders.push(timeoutAfter(timeoutMs, deps.clock, ending.signal));
  try {
    return await Promise.race(contenders);
  } finally {
    ending.abort();
    work.catch(() => undefined);
    if (token !== undefined) deps.forgetToken(token);
  }
}

function timeoutAfter(ms: number, clock: VirtualClock, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    clock.sleep(ms, signal).then(
      () => reject(new StatesError('States.Timeout', 'The task did not end in time')),
      () => undefined,
    );
  });
}

async function secondsToMs(
  value: number | string | undefined,
  scope: TemplateScope,
  template: Template,
): Promise<number | undefined> {
  return value === undefined ? undefined : Number(await template(value, scope)) * 1000;
}

function withStates(scope: TemplateScope, more: Partial<TemplateScope['states']>): TemplateScope {
  return { ...scope, states: { ...scope.states, ...more } };
}

function asStatesError(error: unknown): StatesError {
  if (error instanceof StatesError) return error;
  const known = error instanceof Error ? error : new Error(String(error));
  return new StatesError(known.name, JSON.stringify({ errorType: known.name, errorMessage: known.message }));
}

/** `States.ALL` catches everything but what ends an execution as such. */
function matchesError(names: readonly string[], error: string): boolean {
  if (error === executionAborted) return false;
  return names.some(
    (name) =>
      name === error ||
      name === 'States.ALL' ||
      (name === 'States.TaskFailed' && error !== 'States.Timeout') ||
      (name === 'States.Timeout' && error === 'States.HeartbeatTimeout'),
  );
}

/** The error of an execution that was stopped: nothing retries or catches it. */
export const executionAborted = 'Twin.ExecutionAborted';

function retryDelayMs(
  retriers: readonly Retrier[],
  failure: StatesError,
  attempts: Map<Retrier, number>,
): number | undefined {
  const retrier = retriers.find((candidate) => matchesError(candidate.ErrorEquals, failure.error));
  if (retrier === undefined) return undefined;
  const made = attempts.get(retrier) ?? 0;
  const { IntervalSeconds, MaxAttempts, BackoffRate } = { ...retryDefaults, ...retrier };
  if (made >= MaxAttempts) return undefined;
  attempts.set(retrier, made + 1);
  return Math.min(IntervalSeconds * BackoffRate ** made, retrier.MaxDelaySeconds ?? Infinity) * 1000;
}
