import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { SQSEvent } from 'aws-lambda';
import type { Task } from '../src/contracts/distributor/task.ts';
import type { WorkflowDefinitionInput } from '../src/contracts/workflow/workflow.ts';
import type { TwinClients } from '../src/platform/twin/twin-cloud.ts';
import { deployTwin, type TwinDeployment } from '../src/sdk/test-cloud/twin-deployment.ts';
import type { Bench, Figure } from './figure.ts';
import { withWaits } from './support/latencies.ts';
import { benchTask, startTwinFleet, submitByQueue } from './support/twin-fleet.ts';

/** Every call takes one virtual millisecond before it acts and nothing else takes time: elapsed time counts calls one after another. */
const callMs = 1;
const giveUpMs = 600_000;

interface Sent {
  readonly process: string;
  readonly at: number;
  readonly to: string;
  readonly messageIds: readonly string[];
}

interface Traced {
  readonly twin: TwinDeployment;
  readonly clients: TwinClients;
  /** The messages that led to this one, in the order they were sent, itself included. */
  pathTo(messageId: string): readonly string[];
  /** When each task reached the agent, with the message that brought it. */
  readonly starts: ReadonlyMap<string, { readonly at: number; readonly messageId: string }>;
}

type Send = (command: { readonly input: object }, ...rest: unknown[]) => Promise<Record<string, unknown>>;

function queueOf(url: unknown): string {
  return (
    String(url)
      .split('/')
      .at(-1)
      ?.replace(/^cadre-/, '') ?? ''
  );
}

/** A twin that notes who sent which message, and which messages set off which invocation. */
async function traced(): Promise<Traced> {
  const sent: Sent[] = [];
  const invoked: { process: string; at: number; messageIds: readonly string[] }[] = [];
  const received = new Map<string, string>();
  const starts = new Map<string, { at: number; messageId: string }>();
  let now = (): number => 0;

  function watch(process: string, clients: TwinClients): TwinClients {
    const { send } = clients.sqs as unknown as { send: Send };
    const watched: Send = async (command, ...rest) => {
      const answer = await send.call(clients.sqs, command, ...rest);
      const { QueueUrl } = command.input as { QueueUrl?: string };
      const successful = (answer['Successful'] ?? []) as { MessageId?: string }[];
      if (successful.some(({ MessageId }) => MessageId !== undefined)) {
        const messageIds = successful.map(({ MessageId = '' }) => MessageId);
        sent.push({ process, at: now(), to: queueOf(QueueUrl), messageIds });
      }
      for (const { Body = '{}', MessageId = '' } of (answer['Messages'] ?? []) as {
        Body?: string;
        MessageId?: string;
      }[]) {
        const { task_id } = JSON.parse(Body) as { task_id?: string };
        if (task_id !== undefined) received.set(task_id, MessageId);
      }
      return answer;
    };
    const sqs = new Proxy(clients.sqs, {
      get: (target, property) => (property === 'send' ? watched : (Reflect.get(target, property) as unknown)),
    });
    return { ...clients, sqs };
  }

  const waits = { before: () => callMs, after: () => 0 };
  const twin: TwinDeployment = deployTwin(
    {},
    {
      clients: (name, clients) =>
        watch(
          name,
          withWaits(clients, () => twin.cloud.clock, waits),
        ),
      handler: (name, handler) => (event, context) => {
        const { Records = [] } = event as Partial<SQSEvent>;
        invoked.push({ process: name, at: now(), messageIds: Records.map(({ messageId }) => messageId) });
        return handler(event, context);
      },
    },
  );
  now = () => twin.cloud.clock.now();
  const slow = (process: string, clients: TwinClients): TwinClients =>
    watch(
      process,
      withWaits(clients, () => twin.cloud.clock, waits),
    );
  await startTwinFleet(twin, {
    agents: 1,
    slots: 10,
    clientsOf: slow,
    handler: ({ task_id }) => {
      starts.set(task_id, { at: now(), messageId: received.get(task_id) ?? '' });
      return { ok: true };
    },
  });

  function pathTo(messageId: string): readonly string[] {
    const from = sent.find(({ messageIds }) => messageIds.includes(messageId));
    // Nobody's client sent it: a rule did, for an event on the bus.
    if (from === undefined) return ['event', 'rule'];
    const cause = invoked.filter(({ process, at }) => process === from.process && at <= from.at).at(-1);
    if (cause === undefined) return [from.to];
    return [...pathTo(cause.messageIds[0] ?? ''), from.to];
  }

  return {
    twin,
    clients: slow('submitter', twin.cloud.process('submitter').clients),
    starts,
    pathTo,
  };
}

async function startOf({ twin, starts }: Traced, task_id: string): Promise<{ at: number; messageId: string }> {
  await twin.cloud.clock.run(() => starts.has(task_id), giveUpMs);
  const start = starts.get(task_id);
  if (start === undefined) throw new Error(`${task_id} was never started`);
  return start;
}

async function submitEvent({ twin, clients }: Traced, DetailType: string, detail: object): Promise<void> {
  const Entries = [{ EventBusName: twin.deployment.bus, Source: 'bench', DetailType, Detail: JSON.stringify(detail) }];
  await twin.cloud.clock.drive(clients.eventBridge.send(new PutEventsCommand({ Entries })));
}

async function oneTask(submit: (trace: Traced, task: Task) => Promise<void>) {
  const trace = await traced();
  const { clock } = trace.twin.cloud;
  // The first task makes its route known; the second is what a running system sees.
  await submit(trace, benchTask(1));
  await startOf(trace, benchTask(1).task_id);
  await clock.run(() => false, 1_000);
  const at = clock.now();
  await submit(trace, benchTask(5));
  const start = await startOf(trace, benchTask(5).task_id);
  const path = trace.pathTo(start.messageId);
  return { messages: path.length, path, round_trips: (start.at - at) / callMs };
}

const pair: WorkflowDefinitionInput = {
  name: 'pair',
  nodes: [
    { name: 'one', task_type: 'bench', required_capabilities: ['bench'] },
    { name: 'two', task_type: 'bench', required_capabilities: ['bench'], depends_on: ['one'] },
  ],
};

async function dependentPair() {
  const trace = await traced();
  for (const workflow_id of ['warm-up', 'measured']) {
    await submitEvent(trace, 'WorkflowSubmitted', { workflow_id, definition: pair });
    await startOf(trace, `${workflow_id}:two`);
    await trace.twin.cloud.clock.run(() => false, 1_000);
  }
  const [first, second] = [await startOf(trace, 'measured:one'), await startOf(trace, 'measured:two')];
  const path = trace.pathTo(second.messageId);
  // The part of the path from the result on: what led to the first task is behind it.
  const own = path.slice(path.lastIndexOf('results.fifo'));
  return { messages: own.length, path: own, round_trips: (second.at - first.at) / callMs };
}

async function* hops(): AsyncIterable<Figure> {
  const counted =
    'messages by their causal chain in a trace of the twin; round trips: calls that follow each other on that chain, each taking one virtual millisecond';
  const direct = await oneTask((trace, task) =>
    trace.twin.cloud.clock.drive(submitByQueue(trace.twin, trace.clients, [task])),
  );
  const event = await oneTask((trace, task) => submitEvent(trace, 'TaskSubmitted', task));
  yield {
    bench: 'hops',
    metric: 'submit_to_start',
    value: event.messages,
    unit: 'messages',
    detail: { ...event, by_queue: direct, counted },
  };
  const next = await dependentPair();
  yield {
    bench: 'hops',
    metric: 'result_to_next_start',
    value: next.messages,
    unit: 'messages',
    detail: { ...next, counted },
  };
}

export const hopsBench: Bench = {
  about: 'messages and round trips from submission to start, and from a result to the next start',
  run: hops,
};
