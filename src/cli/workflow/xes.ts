import type { WorkflowEventView } from '../../contracts/api.ts';
import type { Decision } from '../../contracts/workflow/approval-decision.ts';
import type { RunTask, WorkflowEvent, WorkflowView } from '../../contracts/workflow/workflow.ts';
import { escapedXml } from './xml.ts';

/** One event of the trace, by the names of the lifecycle extension. */
interface XesEvent {
  readonly at: string;
  readonly name: string;
  readonly transition: string;
  readonly resource?: string | undefined;
  readonly more?: Readonly<Record<string, string>>;
}

/** What people decided: an activity for each level, done by the person. */
function decided(node: string, decisions: readonly Decision[] = []): readonly XesEvent[] {
  return decisions.map(({ at, level, by, decision, comment }) => ({
    ...{ at, name: `${node}: level ${level}`, transition: by === undefined ? 'autoskip' : 'complete', resource: by },
    more: { 'cadre:decision': decision, ...(comment === undefined ? {} : { 'cadre:comment': comment }) },
  }));
}

function fromEvent(at: string, event: WorkflowEvent): readonly XesEvent[] {
  switch (event.type) {
    case 'NodeStarted':
      return [{ at, name: event.node, transition: 'schedule' }];
    case 'NodeCompleted':
      return [
        ...decided(event.node, event.decisions),
        { at, name: event.node, transition: 'complete', resource: event.agent_id ?? event.decisions?.at(-1)?.by },
      ];
    case 'NodeFailed': {
      const { code, message } = event.error;
      const transition = code === 'cancelled' ? 'pi_abort' : 'ate_abort';
      const more = { 'cadre:error': code, 'cadre:reason': message };
      const resource = event.agent_id ?? event.decisions?.at(-1)?.by;
      return [...decided(event.node, event.decisions), { at, name: event.node, transition, resource, more }];
    }
    case 'NodeSkipped':
      return [{ at, name: event.node, transition: 'autoskip', more: { 'cadre:reason': event.reason } }];
    default:
      return [];
  }
}

/** When agents began: the log tells when a node was scheduled, its task when it was taken up last. */
function begins(tasks: readonly RunTask[]): readonly XesEvent[] {
  return tasks.flatMap(({ name, started_at, agent_id }) =>
    started_at === undefined ? [] : [{ at: started_at, name, transition: 'start', resource: agent_id }],
  );
}

/** At the same moment what ends comes before what begins by it. */
const order = ['schedule', 'start'];
const rank = ({ transition }: XesEvent): number => order.indexOf(transition);

const text = (key: string, value: string): string => `<string key="${key}" value="${escapedXml(value)}"/>`;
const date = (key: string, value: string): string => `<date key="${key}" value="${value}"/>`;

function toXml({ at, name, transition, resource, more = {} }: XesEvent): string {
  return [
    '    <event>',
    text('concept:name', name),
    text('lifecycle:transition', transition),
    ...(resource === undefined ? [] : [text('org:resource', resource)]),
    date('time:timestamp', at),
    ...Object.entries(more).map(([key, value]) => text(key, value)),
    '</event>',
  ].join('');
}

/**
 * A run as a log of one trace in XES (IEEE 1849), for process mining: a node is an activity, with the standard lifecycle (schedule, start, complete, ate_abort,
 * pi_abort, autoskip), its agent, or the person who decided, as the resource.
 */
export function toXes(
  { workflow_id, name, status }: Pick<WorkflowView, 'workflow_id' | 'name' | 'status'>,
  rows: readonly WorkflowEventView[],
  tasks: readonly RunTask[],
): string {
  const events = [
    ...rows.flatMap(({ at, events: all }) => all.flatMap((event) => fromEvent(at, event))),
    ...begins(tasks),
  ];
  events.sort((one, other) => (one.at === other.at ? rank(one) - rank(other) : one.at < other.at ? -1 : 1));
  const extension = (title: string, prefix: string): string =>
    `  <extension name="${title}" prefix="${prefix}" uri="http://www.xes-standard.org/${prefix}.xesext"/>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">',
    extension('Concept', 'concept'),
    extension('Lifecycle', 'lifecycle'),
    extension('Organizational', 'org'),
    extension('Time', 'time'),
    `  <global scope="trace">${text('concept:name', '')}</global>`,
    `  <global scope="event">${text('concept:name', '')}${text('lifecycle:transition', 'complete')}${date('time:timestamp', '1970-01-01T00:00:00.000Z')}</global>`,
    '  <classifier name="Activity" keys="concept:name"/>',
    '  <classifier name="Activity and transition" keys="concept:name lifecycle:transition"/>',
    `  ${text('concept:name', name)}`,
    `  ${text('lifecycle:model', 'standard')}`,
    '  <trace>',
    `    ${text('concept:name', workflow_id)}`,
    `    ${text('cadre:status', status)}`,
    ...events.map(toXml),
    '  </trace>',
    '</log>',
  ].join('\n');
}
