import type { FakeLambda } from '../lambda.ts';
import type { Random } from '../random.ts';
import type { FakeSqs } from '../sqs.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import type { MachineDefinition } from './definition.ts';
import { executionAborted, interpret } from './interpreter.ts';
import { runTaskResource } from './task-resources.ts';
import { StatesError } from './template.ts';
import type { Template } from './template.ts';
import type { TaskTokens } from './tokens.ts';

/** One execution, as oracles see it. */
export interface Execution {
  readonly name: string;
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly input: string;
  readonly startedAt: number;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  output: string | undefined;
  error: string | undefined;
  cause: string | undefined;
  stoppedAt: number | undefined;
  /** The names of the states entered, in order. */
  readonly states: string[];
}

/** What executions are made with, and what their tasks reach. */
export interface ExecutionParts {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly lambda: FakeLambda;
  readonly queues: FakeSqs;
  readonly tokens: TaskTokens;
  readonly template: Template;
}

/** An execution, and what ends it from outside. */
export interface RunningExecution {
  readonly execution: Execution;
  readonly stop: (error: Error) => void;
}

/** Begins an execution; its first state is entered in an event of its own. */
export function beginExecution(
  parts: ExecutionParts,
  machine: MachineDefinition,
  identity: Pick<Execution, 'name' | 'executionArn' | 'stateMachineArn' | 'input'>,
): RunningExecution {
  const { clock } = parts;
  const execution: Execution = {
    ...identity,
    startedAt: clock.now(),
    status: 'RUNNING',
    output: undefined,
    error: undefined,
    cause: undefined,
    stoppedAt: undefined,
    states: [],
  };
  let stop = (_error: Error): void => undefined;
  const stopped = new Promise<never>((_resolve, reject) => (stop = reject));
  stopped.catch(() => undefined);
  clock.record(`states ${execution.name} start`);
  clock.at(clock.now(), () => void run(parts, machine, { execution, stop }, stopped));
  return { execution, stop };
}

/** Walks an execution to its end, whatever that is. */
async function run(
  { clock, random, lambda, queues, tokens, template }: ExecutionParts,
  machine: MachineDefinition,
  { execution, stop }: RunningExecution,
  stopped: Promise<never>,
): Promise<void> {
  const input: unknown = JSON.parse(execution.input);
  const { name: Name, executionArn: Id } = execution;
  const StartTime = new Date(execution.startedAt).toISOString();
  const limit =
    machine.TimeoutSeconds === undefined
      ? undefined
      : clock.at(
          clock.now() + machine.TimeoutSeconds * 1000,
          () => stop(new StatesError('States.Timeout', 'execution')),
          true,
        );
  try {
    const output = await interpret(machine, input, {
      clock,
      template,
      newToken: () => `token-${random.hex(32)}`,
      forgetToken: (token) => tokens.forget(token),
      stopped,
      execution: { Id, Name, Input: input, StartTime },
      onState: (state) => {
        execution.states.push(state);
        clock.record(`states ${Name} ${state}`);
      },
      runTask: (resource, args, wait) => runTaskResource({ lambda, queues, tokens }, resource, args, wait),
    });
    finish(clock, execution, { status: 'SUCCEEDED', output: JSON.stringify(output ?? null) });
  } catch (failure) {
    finish(clock, execution, endOf(failure));
  } finally {
    limit?.cancel();
  }
}

type End = Partial<Execution> & Pick<Execution, 'status'>;

function endOf(failure: unknown): End {
  const { error, cause } =
    failure instanceof StatesError ? failure : new StatesError('States.Runtime', String(failure));
  // Who stopped it has written down why.
  if (error === executionAborted) return { status: 'ABORTED' };
  return { status: error === 'States.Timeout' && cause === 'execution' ? 'TIMED_OUT' : 'FAILED', error, cause };
}

function finish(clock: VirtualClock, execution: Execution, end: End): void {
  Object.assign(execution, end, { stoppedAt: clock.now() });
  clock.record(`states ${execution.name} ${end.status}`);
}
