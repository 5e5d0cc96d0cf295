import * as z from 'zod';
import { timestamp, userId, wellFormed } from '../ids.ts';
import { json } from '../json.ts';
import { defaultEventTtlMs, eventTtlMsMax, eventTtlMsMin, idCharactersMax } from '../limits.ts';

/** The name of an event that workflows wait for, for example `payment.received`. */
export const eventName = userId;

/** What an event is about, for example an order's number: nodes that ask for a key take only events which carry it. */
export const correlationKey = wellFormed(z.string().min(1).max(idCharactersMax));

/** An event for a workflow. The same `id` with the same body is a repeat, and has no further effect; a new one is made when it is left out. */
export const signalRequest = z.strictObject({
  id: wellFormed(z.string().min(1).max(idCharactersMax)).optional(),
  name: eventName,
  key: correlationKey.optional(),
  data: json.optional(),
});
export type SignalRequest = z.output<typeof signalRequest>;

/** An event for one workflow. */
export type WorkflowSignal = SignalRequest & { readonly workflow_id: string };

const ttl = z.int().min(eventTtlMsMin).max(eventTtlMsMax);

/**
 * An event for every workflow that waits for its name and key, now or before `ttl_ms` have passed. The same `id` with the same body is a repeat as long as the
 * event is kept; a new one is made when it is left out.
 */
export const eventRequest = signalRequest.extend({ key: correlationKey, ttl_ms: ttl.default(defaultEventTtlMs) });
export type EventRequest = z.output<typeof eventRequest>;

/** An event as it comes over the bus, for the workflow that it names, or else for all that wait for its key; its `id` is that of the bus when it has none. */
export const signalledEvent = signalRequest
  .extend({ workflow_id: userId.optional(), ttl_ms: ttl.optional() })
  .superRefine(({ workflow_id, key, ttl_ms }, context) => {
    if (workflow_id === undefined && key === undefined)
      context.addIssue({
        code: 'custom',
        path: ['workflow_id'],
        message: 'name the workflow, or the key of those that wait',
      });
    if (workflow_id !== undefined && ttl_ms !== undefined)
      context.addIssue({ code: 'custom', path: ['ttl_ms'], message: 'a workflow keeps its own events until it ends' });
  });
export type SignalledEvent = z.output<typeof signalledEvent>;

/** What waits and what is published meet here. */
export interface Topic {
  readonly name: string;
  readonly key: string;
}

/** A topic as a part of a row's key: nothing in it is a `#` but the one between name and key. */
export function topicText({ name, key }: Topic): string {
  return `${name}#${encodeURIComponent(key)}`;
}

/** The topic and id of a published event, of `<topic>#<id>`. */
export function publishedOf(reference: string): Topic & { readonly id: string } {
  const [name = '', key = '', ...id] = reference.split('#');
  return { name, key: decodeURIComponent(key), id: id.join('#') };
}

/** The id under which a workflow receives a published event: publishers choose ids for their own topic only. */
export function receivedId({ name, key, id }: Topic & { readonly id: string }): string {
  return `${name}#${key}#${id}`;
}

/** An event that was published; `taken_by` names workflows that took it by now, at most 25 of them. */
export const publishedView = z.strictObject({
  id: z.string(),
  name: eventName,
  key: correlationKey,
  received_at: timestamp,
  kept_until: timestamp,
  taken_by: z.array(userId),
});
export type PublishedView = z.infer<typeof publishedView>;

/** An event that a workflow keeps until one of its nodes takes it. */
export const keptSignal = z.strictObject({ id: z.string(), name: eventName, key: correlationKey.optional() });
export type KeptSignal = z.infer<typeof keptSignal>;

/** An event that a workflow received; `kept` while no node has taken it. */
export const signalView = keptSignal.extend({ workflow_id: userId, received_at: timestamp, kept: z.boolean() });
export type SignalView = z.infer<typeof signalView>;
