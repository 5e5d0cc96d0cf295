import * as sfn from '@aws-sdk/client-sfn';
import { awsError } from './aws-errors.ts';
import type { FakeLambda } from './lambda.ts';
import type { Random } from './random.ts';
import { twinAccount, twinRegion } from './sqs.ts';
import type { FakeSqs } from './sqs.ts';
import { readDefinition } from './stepfunctions/definition.ts';
import type { MachineDefinition } from './stepfunctions/definition.ts';
import { executionAborted, interpret } from './stepfunctions/interpreter.ts';
import { createTemplate, StatesError } from './stepfunctions/template.ts';
import { createTaskTokens } from './stepfunctions/tokens.ts';
import { runTaskResource } from './stepfunctions/task-resources.ts';
import type { FakeClient, Wire } from './wire.ts';

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

/** A fake Step Functions. */
export interface FakeStepFunctions {
  client(wire: Wire): FakeClient;
  /** Adds a machine from its JSONata definition and gives its ARN. `${Name}` in it is replaced from `substitutions`. */
  createStateMachine(
    name: string,
    definition: string | object,
    substitutions?: Readonly<Record<string, string>>,
  ): string;
  /** Starts an execution as a rule's target does. */
  start(stateMachine: string, input: unknown, name?: string): Execution;
  executions(): readonly Execution[];
}

interface Running {
  readonly execution: Execution;
  readonly stop: (error: Error) => void;
}

/** A Step Functions without machines; its tasks call the twin's Lambda and SQS. */
export function createFakeStepFunctions(
  wire: Wire,
  random: Random,
  lambda: FakeLambda,
  queues: FakeSqs,
): FakeStepFunctions {
  const { clock } = wire;
  const machines = new Map<string, MachineDefinition>();
  const running = new Map<string, Running>();
  const tokens = createTaskTokens(clock);
  const template = createTemplate(() => clock.now(), random);

  function machineArn(nameOrArn: string | undefined): string {
    const name = nameOrArn?.slice(nameOrArn.lastIndexOf(':') + 1) ?? '';
    const arn = `arn:aws:states:${twinRegion}:${twinAccount}:stateMachine:${name}`;
    if (!machines.has(arn)) {
      throw new sfn.StateMachineDoesNotExist({
        message: `State Machine Does Not Exist: '${name}'`,
        $metadata: { httpStatusCode: 400 },
      });
    }
    return arn;
  }

  function start(stateMachine: string | undefined, input: string, name = random.hex(32)): Execution {
    const stateMachineArn = machineArn(stateMachine);
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const known = running.get(executionArn)?.execution;
    if (known !== undefined) {
      // The same name and input is one execution while it runs; anything else is a conflict.
      if (known.status === 'RUNNING' && known.input === input) return known;
      throw new sfn.ExecutionAlreadyExists({
        message: `Execution Already Exists: '${executionArn}'`,
        $metadata: { httpStatusCode: 400 },
      });
    }
    const execution: Execution = {
      name,
      executionArn,
      stateMachineArn,
      input,
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
    running.set(executionArn, { execution, stop });
    clock.record(`states ${name} start`);
    clock.at(clock.now(), () => void run(execution, stopped, stop));
    return execution;
  }

  async function run(execution: Execution, stopped: Promise<never>, stop: (error: Error) => void): Promise<void> {
    const machine = machines.get(execution.stateMachineArn);
    if (machine === undefined) return;
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
      finish(execution, { status: 'SUCCEEDED', output: JSON.stringify(output ?? null) });
    } catch (failure) {
      const { error, cause } =
        failure instanceof StatesError ? failure : new StatesError('States.Runtime', String(failure));
      const status =
        error === executionAborted
          ? 'ABORTED'
          : error === 'States.Timeout' && cause === 'execution'
            ? 'TIMED_OUT'
            : 'FAILED';
      finish(execution, status === 'ABORTED' ? { status } : { status, error, cause });
    } finally {
      limit?.cancel();
    }
  }

  function finish(execution: Execution, end: Partial<Execution> & Pick<Execution, 'status'>): void {
    Object.assign(execution, end, { stoppedAt: clock.now() });
    clock.record(`states ${execution.name} ${end.status}`);
  }

  function find(arn: string | undefined): Running {
    const found = running.get(arn ?? '');
    if (found !== undefined) return found;
    throw new sfn.ExecutionDoesNotExist({
      message: `Execution Does Not Exist: '${arn ?? ''}'`,
      $metadata: { httpStatusCode: 400 },
    });
  }

  function carryOut(command: object): object {
    if (command instanceof sfn.StartExecutionCommand) {
      const { stateMachineArn, input = '{}', name } = command.input;
      const execution = start(stateMachineArn, input, name);
      return { executionArn: execution.executionArn, startDate: new Date(execution.startedAt) };
    }
    if (command instanceof sfn.SendTaskSuccessCommand)
      return tokens.success(command.input.taskToken, command.input.output);
    if (command instanceof sfn.SendTaskFailureCommand) {
      const { taskToken, error, cause } = command.input;
      return tokens.failure(taskToken, error, cause);
    }
    if (command instanceof sfn.SendTaskHeartbeatCommand) return tokens.beat(command.input.taskToken);
    if (command instanceof sfn.DescribeExecutionCommand) return describe(find(command.input.executionArn).execution);
    if (command instanceof sfn.StopExecutionCommand) {
      const { execution, stop } = find(command.input.executionArn);
      execution.error = command.input.error;
      execution.cause = command.input.cause;
      stop(new StatesError(executionAborted, 'The execution was stopped'));
      return { stopDate: new Date(clock.now()) };
    }
    if (command instanceof sfn.ListExecutionsCommand) {
      const arn = machineArn(command.input.stateMachineArn);
      const { statusFilter } = command.input;
      const listed = [...running.values()]
        .map(({ execution }) => execution)
        .filter((each) => each.stateMachineArn === arn);
      return {
        executions: listed.filter(({ status }) => statusFilter === undefined || status === statusFilter).map(describe),
      };
    }
    throw awsError('UnknownOperationException', `The twin has no ${command.constructor.name}`);
  }

  return {
    client: (processWire) => ({
      send: (command, options) =>
        processWire.call('stepfunctions', command.constructor.name, () => carryOut(command), options?.abortSignal),
      destroy: () => undefined,
    }),
    createStateMachine(name, definition, substitutions) {
      const arn = `arn:aws:states:${twinRegion}:${twinAccount}:stateMachine:${name}`;
      machines.set(arn, readDefinition(definition, substitutions));
      return arn;
    },
    start: (stateMachine, input, name) => start(stateMachine, JSON.stringify(input), name),
    executions: () => [...running.values()].map(({ execution }) => execution),
  };
}

function describe(execution: Execution): object {
  const { startedAt, stoppedAt, states: _states, ...rest } = execution;
  return {
    ...rest,
    startDate: new Date(startedAt),
    ...(stoppedAt === undefined ? {} : { stopDate: new Date(stoppedAt) }),
  };
}
