import * as z from 'zod';
import { timestamp, userId, wellFormed } from './ids.ts';
import { json } from './json.ts';
import { idCharactersMax } from './limits.ts';

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

/** An event for a workflow, as it comes over the bus; its `id` is that of the bus when it has none. */
export const workflowSignal = signalRequest.extend({ workflow_id: userId });
export type WorkflowSignal = z.output<typeof workflowSignal>;

/** An event that a workflow keeps until one of its nodes takes it. */
export const keptSignal = z.strictObject({ id: z.string(), name: eventName, key: correlationKey.optional() });
export type KeptSignal = z.infer<typeof keptSignal>;

/** An event that a workflow received; `kept` while no node has taken it. */
export const signalView = keptSignal.extend({ workflow_id: userId, received_at: timestamp, kept: z.boolean() });
export type SignalView = z.infer<typeof signalView>;
