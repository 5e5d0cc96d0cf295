import * as sfn from '@aws-sdk/client-sfn';
import { awsError } from './aws-errors.ts';
import type { FakeLambda } from './lambda.ts';
import type { Random } from './random.ts';
import { twinAccount, twinRegion } from './sqs.ts';
import type { FakeSqs } from './sqs.ts';
import { readDefinition } from './stepfunctions/definition.ts';
import type { MachineDefinition } from './stepfunctions/definition.ts';
import { beginExecution } from './stepfunctions/execution.ts';
import type { Execution, ExecutionParts, RunningExecution } from './stepfunctions/execution.ts';
import { executionAborted } from './stepfunctions/interpreter.ts';
import { createTemplate, StatesError } from './stepfunctions/template.ts';
import { createTaskTokens } from './stepfunctions/tokens.ts';
import type { TaskTokens } from './stepfunctions/tokens.ts';
import type { FakeClient, Wire } from './wire.ts';

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

/** The machines and every execution there ever was. */
interface Registry {
  readonly machines: Map<string, MachineDefinition>;
  machineArn(nameOrArn: string | undefined): string;
  start(stateMachine: string | undefined, input: string, name?: string): Execution;
  find(executionArn: string | undefined): RunningExecution;
  executions(): Execution[];
}

function arnOf(machine: string): string {
  return `arn:aws:states:${twinRegion}:${twinAccount}:stateMachine:${machine}`;
}

function createRegistry(parts: ExecutionParts): Registry {
  const machines = new Map<string, MachineDefinition>();
  const running = new Map<string, RunningExecution>();

  function find(nameOrArn: string | undefined): { arn: string; machine: MachineDefinition } {
    const name = nameOrArn?.slice(nameOrArn.lastIndexOf(':') + 1) ?? '';
    const arn = arnOf(name);
    const machine = machines.get(arn);
    if (machine !== undefined) return { arn, machine };
    throw new sfn.StateMachineDoesNotExist({
      message: `State Machine Does Not Exist: '${name}'`,
      $metadata: { httpStatusCode: 400 },
    });
  }

  return {
    machines,
    machineArn: (nameOrArn) => find(nameOrArn).arn,
    start(stateMachine, input, name = parts.random.hex(32)) {
      const { arn: stateMachineArn, machine } = find(stateMachine);
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
      const begun = beginExecution(parts, machine, { name, executionArn, stateMachineArn, input });
      running.set(executionArn, begun);
      return begun.execution;
    },
    find(executionArn) {
      const found = running.get(executionArn ?? '');
      if (found !== undefined) return found;
      throw new sfn.ExecutionDoesNotExist({
        message: `Execution Does Not Exist: '${executionArn ?? ''}'`,
        $metadata: { httpStatusCode: 400 },
      });
    },
    executions: () => [...running.values()].map(({ execution }) => execution),
  };
}

/** What each command does; the answer is the command's output. */
function carryOut(registry: Registry, tokens: TaskTokens, nowMs: number, command: object): object {
  if (command instanceof sfn.StartExecutionCommand) {
    const { stateMachineArn, input = '{}', name } = command.input;
    const execution = registry.start(stateMachineArn, input, name);
    return { executionArn: execution.executionArn, startDate: new Date(execution.startedAt) };
  }
  if (command instanceof sfn.SendTaskSuccessCommand)
    return tokens.success(command.input.taskToken, command.input.output);
  if (command instanceof sfn.SendTaskFailureCommand) {
    const { taskToken, error, cause } = command.input;
    return tokens.failure(taskToken, error, cause);
  }
  if (command instanceof sfn.SendTaskHeartbeatCommand) return tokens.beat(command.input.taskToken);
  if (command instanceof sfn.DescribeExecutionCommand) {
    return describe(registry.find(command.input.executionArn).execution);
  }
  if (command instanceof sfn.StopExecutionCommand) {
    const { execution, stop } = registry.find(command.input.executionArn);
    execution.error = command.input.error;
    execution.cause = command.input.cause;
    stop(new StatesError(executionAborted, 'The execution was stopped'));
    return { stopDate: new Date(nowMs) };
  }
  if (command instanceof sfn.ListExecutionsCommand) {
    const arn = registry.machineArn(command.input.stateMachineArn);
    const { statusFilter } = command.input;
    const listed = registry.executions().filter((each) => each.stateMachineArn === arn);
    return {
      executions: listed.filter(({ status }) => statusFilter === undefined || status === statusFilter).map(describe),
    };
  }
  throw awsError('UnknownOperationException', `The twin has no ${command.constructor.name}`);
}

/** A Step Functions without machines; its tasks call the twin's Lambda and SQS. */
export function createFakeStepFunctions(
  wire: Wire,
  random: Random,
  lambda: FakeLambda,
  queues: FakeSqs,
): FakeStepFunctions {
  const { clock } = wire;
  const tokens = createTaskTokens(clock);
  const template = createTemplate(() => clock.now(), random);
  const registry = createRegistry({ clock, random, lambda, queues, tokens, template });
  return {
    client: (processWire) => ({
      send: (command, options) =>
        processWire.call(
          'stepfunctions',
          command.constructor.name,
          () => carryOut(registry, tokens, clock.now(), command),
          options?.abortSignal,
        ),
      destroy: () => undefined,
    }),
    createStateMachine(name, definition, substitutions) {
      const arn = arnOf(name);
      registry.machines.set(arn, readDefinition(definition, substitutions));
      return arn;
    },
    start: (stateMachine, input, name) => registry.start(stateMachine, JSON.stringify(input), name),
    executions: () => registry.executions(),
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
