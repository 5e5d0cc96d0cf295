import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { cancelTask } from '../../src/distributor/usecases/tasks/cancel-task.ts';
import { acceptTasks } from '../../src/distributor/usecases/submit/accept-tasks.ts';
import type { Runtime } from '../../src/platform/aws/deployment.ts';
import type { TwinDeployment } from '../../src/sdk/test-cloud/twin-deployment.ts';
import { cancelWorkflow } from '../../src/workflow/usecases/steer/cancel-workflow.ts';
import { publishEvent } from '../../src/workflow/usecases/events/publish-event.ts';
import { signalWorkflow } from '../../src/workflow/usecases/events/signal-workflow.ts';
import { redriveWorkflow } from '../../src/workflow/usecases/steer/steer-workflow.ts';
import { migrateWorkflow } from '../../src/workflow/usecases/steer/migrate-workflow.ts';
import { updateWorkflow } from '../../src/workflow/usecases/steer/update-workflow.ts';
import { submitWorkflow } from '../../src/workflow/usecases/submit/submit-workflow.ts';
import { act } from './people.ts';
import { nextVersion, type Scenario } from './scenario.ts';

/** A client that heard nothing submits again after this time. */
const resubmitMs = 3_000;

/** A client: submits, and submits again until it is told that it was heard, as every careful client does. */
export function startClient(
  { cloud, deployment }: TwinDeployment,
  api: Runtime,
  scenario: Scenario,
  startedAt: number,
): void {
  const { clock } = cloud;
  const { clients } = cloud.process('client');
  /** Tries until it is told that it was heard; whatever was heard is the system's to keep. */
  const until = async (attempt: () => Promise<boolean>): Promise<void> => {
    while (!(await attempt().catch(() => false))) await clock.sleep(resubmitMs);
  };
  const byBus = async (DetailType: string, detail: object): Promise<boolean> => {
    const entry = { EventBusName: deployment.bus, Source: 'client', DetailType, Detail: JSON.stringify(detail) };
    const { FailedEntryCount = 0 } = await clients.eventBridge.send(new PutEventsCommand({ Entries: [entry] }));
    return FailedEntryCount === 0;
  };
  for (const { at, task, via, principal = 'client' } of scenario.tasks) {
    const send = async (): Promise<boolean> => {
      if (via === 'api') {
        const [outcome] = await acceptTasks(api, { tasks: [task], principal, correlation_id: task.task_id });
        return outcome?.ok === true;
      }
      if (via === 'queue') {
        const QueueUrl = deployment.queues[`tasks-${task.priority}`];
        await clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ tasks: [task] }) }));
        return true;
      }
      return byBus('TaskSubmitted', task);
    };
    clock.at(startedAt + at, () => void until(send));
  }
  const signalled = async ({ signal, via }: Scenario['signals'][number]): Promise<boolean> => {
    if (via === 'bus') return byBus('WorkflowSignalled', signal);
    const outcome = await signalWorkflow(api, { signal, principal: 'client' });
    return outcome.ok || outcome.error.code === 'already-finished';
  };
  for (const { at, event, via } of scenario.events) {
    const publish = async (): Promise<boolean> =>
      via === 'bus' ? byBus('WorkflowSignalled', event) : (await publishEvent(api, { event, principal: 'client' })).ok;
    clock.at(startedAt + at, () => void until(publish));
  }
  for (const [index, { at, workflow_id, definition, namespace, forgotten }] of scenario.workflows.entries()) {
    const submission = { workflow_id, definition, ...(namespace === undefined ? {} : { namespace }) };
    const awaitsSignals = scenario.signals.some(({ signal }) => signal.workflow_id === workflow_id);
    const send = async (): Promise<boolean> => {
      // Only the API says that a workflow is there; events of the bus may be given up for one that comes much later.
      if (index % 2 === 1 && !awaitsSignals) return byBus('WorkflowSubmitted', submission);
      const request = { submission, principal: 'client', correlation_id: workflow_id };
      const isThere = () => forgotten === true && cloud.dynamodb.peek(`WORKFLOW#${workflow_id}`, 'HEAD') !== undefined;
      return submitWorkflow(api, request).then(({ ok }) => ok, isThere);
    };
    clock.at(startedAt + at, () => {
      void until(send).then(() => {
        for (const each of scenario.signals.filter(({ signal }) => signal.workflow_id === workflow_id))
          clock.at(clock.now() + each.after, () => void until(() => signalled(each)));
        for (const each of scenario.people.filter((one) => one.workflow_id === workflow_id))
          clock.at(clock.now() + each.after, () => void act(api, clock, each));
      });
    });
  }
}

/** Repeats submissions that were made through the API, as a client does that lost the answer, and changes its mind about some. */
export function startRepeater(api: Runtime, { cloud }: TwinDeployment, scenario: Scenario, startedAt: number): void {
  const request = { principal: 'client', reason: 'changed its mind' };
  /** A human lets a compensation that failed count as done, and tries again until heard. */
  const help = async (workflow_id: string): Promise<void> => {
    while (cloud.dynamodb.peek(`WORKFLOW#${workflow_id}`, 'HEAD')?.['compensation'] === 'failed') {
      await cloud.clock.sleep(resubmitMs);
      const skip = cloud.dynamodb.items().flatMap(({ task_id, status }) => {
        const failed = typeof task_id === 'string' && task_id.startsWith(`${workflow_id}:`) && status === 'Failed';
        return failed && task_id.endsWith(':compensate') ? [task_id.slice(workflow_id.length + 1)] : [];
      });
      await redriveWorkflow(api, { workflow_id, principal: 'human', skip }).catch(() => undefined);
    }
  };
  for (const { at, task, via } of scenario.tasks) {
    if (via !== 'api') continue;
    cloud.clock.at(startedAt + at + 4_000, () => {
      acceptTasks(api, { tasks: [task], principal: 'client', correlation_id: task.task_id }).catch(() => undefined);
    });
  }
  for (const { at, task_id } of scenario.cancels) {
    cloud.clock.at(startedAt + at, () => void cancelTask(api, { task_id, ...request }).catch(() => undefined));
  }
  cloud.dynamodb.onCommit(({ changes }) => {
    for (const { before, after } of changes) {
      const isStuck = after?.['compensation'] === 'failed' && before?.['compensation'] !== 'failed';
      if (isStuck) void help(String(after['workflow_id']));
      const isMet = ({ workflow_id, seq }: { readonly workflow_id: string; readonly seq: number }): boolean =>
        after?.['sk'] === 'HEAD' && after['workflow_id'] === workflow_id && after['seq'] === seq;
      for (const { workflow_id, afterMs, change } of scenario.updates.filter(isMet)) {
        const update = () => updateWorkflow(api, { workflow_id, principal: 'client', change });
        cloud.clock.at(cloud.clock.now() + afterMs, () => void update().catch(() => undefined));
      }
      for (const { workflow_id, afterMs } of scenario.migrations.filter(isMet)) {
        const { definition } = scenario.workflows.find((each) => each.workflow_id === workflow_id)!;
        const to = nextVersion(definition);
        const migrate = () => migrateWorkflow(api, { workflow_id, principal: 'client', definition: to });
        cloud.clock.at(cloud.clock.now() + afterMs, () => void migrate().catch(() => undefined));
      }
      const race = scenario.races.find(isMet);
      if (race === undefined) continue;
      // Every other one lets what runs end by itself.
      const grace = race.afterMs % 2 === 0 ? {} : { grace_ms: 5_000 };
      // Every third one has what completed undone.
      const how = { ...grace, compensate: race.afterMs % 3 === 0 };
      const cancel = (): void =>
        void cancelWorkflow(api, { workflow_id: race.workflow_id, ...request, ...how }).catch(() => undefined);
      cloud.clock.at(cloud.clock.now() + race.afterMs, cancel);
    }
  });
}
