import type { AgentClock } from '../clock.ts';
import type { AgentGrant, AgentRegistration } from '../../contracts/distributor/agent.ts';
import type { DocumentChange } from '../../contracts/messages.ts';
import type { ContextCalls } from '../client/context-calls.ts';

/** A message of the inbox as it was received. */
export interface ReceivedMessage {
  readonly body: string;
}

/** A message for a queue; `group` and `deduplication` only where the queue is FIFO. */
export interface OutgoingMessage {
  readonly body: string;
  readonly group?: string;
  readonly deduplication?: string;
}

/** The two SQS calls of an agent. Messages are not deleted: an inbox hides them for longer than it keeps them. */
export interface AgentQueues {
  /** Long poll: up to `max` (1 to 10) messages; an empty list when nothing came in `waitSeconds` or `signal` was aborted. */
  receive(
    url: string,
    options: { readonly max: number; readonly waitSeconds: number; readonly signal: AbortSignal },
  ): Promise<readonly ReceivedMessage[]>;
  /** Sends up to 10 messages in one call; answers with the indexes of those that were not taken. */
  send(url: string, messages: readonly OutgoingMessage[]): Promise<readonly number[]>;
}

/** A part of a task that may be too large for a message. */
export interface TaskPart {
  readonly task_id: string;
  readonly part: 'payload' | 'checkpoint';
}

/** Large payloads and outputs in the deployment's bucket. */
export interface AgentBlobs {
  /** Bytes of an output up to which it travels inside its result. @default `inlineBytesMax`, as much as a queue's message should carry */
  readonly inlineBytesMax?: number;
  /** The object with this key; `of` says what it is, for who reaches tasks and no bucket. */
  get(bucket: string, key: string, of: TaskPart): Promise<string>;
  put(bucket: string, key: string, text: string): Promise<void>;
}

/** The part of the API that an agent calls: once when it starts, and once when it leaves for good. */
export interface AgentRegistry {
  register(registration: AgentRegistration): Promise<AgentGrant>;
  deregister(agent_id: string): Promise<void>;
}

/** Where an agent says what it does. */
export interface AgentLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** All effects of an agent. */
export interface AgentDeps {
  readonly sqs: AgentQueues;
  readonly s3: AgentBlobs;
  readonly api: AgentRegistry;
  /** The shared documents; asked for when a handler first uses them. Throws `not-deployed` where no API is known. */
  readonly contexts: () => ContextCalls;
  /** The memory of `contexts`, which hears of changes. @default there is none */
  readonly heard?: (change: DocumentChange) => void;
  readonly clock: AgentClock;
  readonly log: AgentLog;
}
