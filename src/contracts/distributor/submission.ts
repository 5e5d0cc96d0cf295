import * as z from 'zod';
import { CadreError } from '../errors.ts';
import { envelope, metadata } from '../events.ts';
import { taskBatch } from '../messages.ts';
import { parse } from '../parse.ts';
import { signalledEvent, type SignalledEvent } from '../workflow/signal.ts';
import { task, type Task } from './task.ts';
import { workflowSubmission, type WorkflowSubmission } from '../workflow/workflow.ts';

/**
 * An event as EventBridge delivers it to a queue: its own keys are AWS's, so unknown ones are no fault of the sender. The sizes are AWS's too; whoever writes to
 * the queue directly must not get more into a row. `detail` is not copied, since a copy would silently lose a key such as `__proto__`.
 */
const busEvent = z.object({
  id: z.string().min(1).max(128),
  'detail-type': z.string().max(128),
  source: z.string().max(256),
  account: z.string().max(64).optional(),
  detail: z.custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    { error: 'expected an object' },
  ),
});

/** CloudEvents 1.0, JSON format (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md); extensions are allowed by it. */
const cloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(128),
  source: z.string().min(1),
  type: z.string().min(1),
  datacontenttype: z.literal('application/json').optional(),
  traceparent: metadata.shape.traceparent.optional(),
  data: z.unknown(),
});

/** What was submitted, with the story it belongs to. `via` names how it came, for the audit. */
export interface Submitted<T> {
  readonly data: T;
  /** The same for a repeat by its sender, as far as the sender says so. */
  readonly id: string;
  readonly correlation_id: string;
  readonly traceparent?: string;
  readonly via: string;
}

/** Envelopes by what is in them: making a schema takes longer than reading many events with it. */
const envelopes = new WeakMap<z.ZodType, z.ZodType>();

function envelopeOf(schema: z.ZodType): z.ZodType {
  const known = envelopes.get(schema) ?? envelope(schema);
  envelopes.set(schema, known);
  return known;
}

/** Unwraps an event's detail: our envelope, a CloudEvent, or the bare thing itself. */
function unwrap<S extends z.ZodType>(schema: S, event: z.infer<typeof busEvent>): Submitted<z.output<S>> {
  const via = `bus:${event.account ?? 'unknown'}:${event.source}`;
  const { detail } = event;
  if ('metadata' in detail && 'data' in detail) {
    const parsed = parse(envelopeOf(schema), detail, ['detail']) as {
      metadata: z.infer<typeof metadata>;
      data: z.output<S>;
    };
    const { id, idempotency_key = id, correlation_id, traceparent } = parsed.metadata;
    return { data: parsed.data, id: idempotency_key, correlation_id, traceparent, via };
  }
  if ('specversion' in detail) {
    const cloud = parse(cloudEvent, detail, ['detail']);
    const data = parse(schema, cloud.data, ['detail', 'data']);
    return {
      data,
      id: cloud.id,
      correlation_id: cloud.id,
      via,
      ...(cloud.traceparent === undefined ? {} : { traceparent: cloud.traceparent }),
    };
  }
  return { data: parse(schema, detail, ['detail']), id: event.id, correlation_id: event.id, via };
}

function parseBusEvent(body: unknown): z.infer<typeof busEvent> {
  return parse(busEvent, body);
}

/** Reads a message of a task queue: an EventBridge event or the SDK's own batch. Throws CadreError `invalid-input` with all paths. */
export function parseTaskMessage(body: unknown, message_id: string): Submitted<readonly Task[]> {
  if (typeof body === 'object' && body !== null && 'tasks' in body) {
    return { data: parse(taskBatch, body).tasks, id: message_id, correlation_id: message_id, via: 'queue' };
  }
  const { data, ...rest } = unwrap(task, parseBusEvent(body));
  return { ...rest, data: [data] };
}

/** What comes over the workflows queue: a workflow to run, or an event for those that run. */
export type WorkflowMessage = Submitted<WorkflowSubmission | SignalledEvent>;

/** Reads a message of the workflows queue. Throws CadreError `invalid-input` with all paths. */
export function parseWorkflowMessage(body: unknown): WorkflowMessage {
  const event = parseBusEvent(body);
  return event['detail-type'] === 'WorkflowSignalled'
    ? unwrap(signalledEvent, event)
    : unwrap(workflowSubmission, event);
}

/** The JSON of a message's body. Throws CadreError `invalid-json`. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CadreError('invalid-json', cause instanceof Error ? cause.message : undefined, { cause });
  }
}
