import { hash } from 'node:crypto';
import type { AgentGrant } from '../../contracts/distributor/agent.ts';
import type { Usage } from '../../contracts/distributor/budget.ts';
import { json } from '../../contracts/json.ts';
import { blobBytesMax, checkpointMsMax, inlineBytesMax } from '../../contracts/limits.ts';
import type { Assignment, TaskResult } from '../../contracts/messages.ts';
import type { AgentDeps, TaskPart } from './ports.ts';
import { blobKey, type BlobRef } from '../../contracts/distributor/task.ts';
import type { ContextCalls } from '../client/context-calls.ts';
import { pinnedContexts } from '../contexts/pinned-contexts.ts';
import { reportError, RetryableError, TerminalError } from '../errors.ts';
import { readDeclared } from '../contexts/declared-reads.ts';
import type { Handler } from './handler.ts';
import { type TracedContexts, tracedContexts } from '../contexts/traced-contexts.ts';

/** Why an attempt ends before its handler does. */
export type Interruption = 'cancelled' | 'preempted' | 'stopping' | 'timed-out';

/** Who sleeps until an attempt has ended only wants to wake: one reason for all, since making one costs a stack trace. */
const over = new DOMException('the attempt has ended', 'AbortError');

/** `task_id#attempt`: the name of a lease. */
export function leaseName(task_id: string, attempt: number): string {
  return `${task_id}#${attempt}`;
}

interface AttemptOptions {
  readonly deps: AgentDeps;
  readonly grant: AgentGrant;
  readonly assignment: Assignment;
  readonly handler: Handler;
  readonly onProgress?: (task_id: string, share: number, note?: string) => void;
}

/** One run of a handler on one lease. */
export class Attempt {
  readonly assignment: Assignment;
  readonly lease: string;
  readonly until: number;
  /**
   * What to report; resolves once: when the handler ended, or at once when the time is over or the agent stops. Undefined for a cancelled
   * attempt: its row has moved on already, so a report would only be refused.
   */
  readonly result: Promise<TaskResult | undefined>;
  /** Resolves when the handler has really ended; only then is the slot free. */
  readonly settled: Promise<void>;
  private readonly options: AttemptOptions;
  private readonly controller = new AbortController();
  private readonly ended = new AbortController();
  private readonly startedAt: number;
  private readonly report: (result: TaskResult | undefined) => void;
  private interruption: Interruption | undefined;
  private used: Usage | undefined;
  private documents: TracedContexts | undefined;
  private saved: Pick<TaskResult, 'output' | 'output_ref'> = {};

  constructor(options: AttemptOptions) {
    this.options = options;
    this.assignment = options.assignment;
    this.lease = leaseName(options.assignment.task_id, options.assignment.attempt);
    this.until = Date.parse(options.assignment.until);
    this.startedAt = options.deps.clock.now();
    const { promise, resolve } = Promise.withResolvers<TaskResult | undefined>();
    this.result = promise;
    this.report = resolve;
    this.settled = this.run();
    void this.watchTime();
  }

  /** Aborts the handler's signal and settles the result. The slot stays occupied until the handler has really ended. */
  interrupt(why: Interruption, message: string): void {
    if (this.ended.signal.aborted) return;
    if (this.interruption === undefined) {
      this.interruption = why;
      this.controller.abort(new RetryableError({ code: why, message }));
    }
    // Only the first report counts, so an attempt that stops after its time was over stays timed out.
    this.report(this.interrupted(this.interruption));
  }

  /** Lets the attempt make way: the handler is told, has a moment to save a checkpoint and to end, and then its task is handed back whatever it returned. */
  async makeWay(message: string): Promise<void> {
    if (this.ended.signal.aborted || this.interruption !== undefined) return;
    this.interruption = 'preempted';
    this.controller.abort(new RetryableError({ code: 'preempted', message }));
    await this.options.deps.clock.sleep(checkpointMsMax, this.ended.signal);
    this.report(this.interrupted('preempted'));
  }

  /** Lets the attempt end by itself: the handler is told, and what it comes to counts; when the time is over it is cancelled. */
  async windDown(message: string, until: number): Promise<void> {
    if (this.ended.signal.aborted || this.controller.signal.aborted) return;
    this.controller.abort(new RetryableError({ code: 'cancelled', message }));
    const { clock } = this.options.deps;
    await clock.sleep(until - clock.now(), this.ended.signal);
    this.interrupt('cancelled', message);
  }

  private interrupted(why: Interruption): TaskResult | undefined {
    if (why === 'cancelled') return undefined;
    if (why === 'stopping') return this.resultOf({ outcome: 'released', ...this.saved });
    if (why === 'preempted') return this.resultOf({ outcome: 'released', preempted: true, ...this.saved });
    const message = `the attempt was not done by ${this.assignment.until}`;
    return this.resultOf({ outcome: 'failed', error: { code: 'timed-out', message, retryable: true } });
  }

  private async watchTime(): Promise<void> {
    const { clock } = this.options.deps;
    await clock.sleep(this.until - clock.now(), this.ended.signal);
    this.interrupt('timed-out', `its time was over at ${this.assignment.until}`);
  }

  private resultOf(ending: Partial<TaskResult> & Pick<TaskResult, 'outcome'>): TaskResult {
    const { task_id, task_type, attempt } = this.assignment;
    return {
      task_id,
      attempt,
      ...ending,
      duration_ms: Math.max(0, this.options.deps.clock.now() - this.startedAt),
      task_type,
      ...(this.used === undefined ? {} : { usage: this.used }),
    };
  }

  private async run(): Promise<void> {
    let ending: Partial<TaskResult> & Pick<TaskResult, 'outcome'>;
    try {
      ending = { outcome: 'completed', ...(await this.storeOutput(await this.handle())) };
    } catch (thrown) {
      ending = { outcome: 'failed', error: reportError(thrown) };
    }
    await this.tellReads();
    this.ended.abort(over);
    this.report(this.interruption === 'preempted' ? this.interrupted('preempted') : this.resultOf(ending));
  }

  private contexts(): ContextCalls {
    const { deps, assignment } = this.options;
    if (this.documents === undefined) {
      const traced = tracedContexts(deps.contexts(), assignment.task_id);
      this.documents = { ...traced, contexts: pinnedContexts(traced.contexts, assignment.reads ?? []) };
    }
    return this.documents.contexts;
  }

  /** Lineage is told before the result, so that whoever sees the task ended sees what it has read. It never fails the work that it tells about. */
  private async tellReads(): Promise<void> {
    const { task_id, attempt } = this.assignment;
    const { log } = this.options.deps;
    try {
      const { dropped = 0 } = (await this.documents?.flush()) ?? {};
      if (dropped > 0) log.warn('the task has read more than is recorded', { task_id, attempt, dropped });
    } catch (error) {
      log.warn('what the task has read was not recorded', { task_id, attempt, error: String(error) });
    }
  }

  private async handle(): Promise<unknown> {
    const { deps, grant, handler, onProgress } = this.options;
    const { task_id, task_type, attempt, priority, deadline } = this.assignment;
    const fields = { task_id, attempt };
    const load = async ({ key }: BlobRef, part: TaskPart['part']) =>
      json.parse(JSON.parse(await deps.s3.get(grant.bucket, key, { task_id, part })));
    const { payload_ref, checkpoint_ref, reads = [] } = this.assignment;
    const payload = payload_ref === undefined ? (this.assignment.payload ?? null) : await load(payload_ref, 'payload');
    const checkpoint =
      checkpoint_ref === undefined ? this.assignment.checkpoint : await load(checkpoint_ref, 'checkpoint');
    const log = deps.log;
    const contexts = () => this.contexts();
    const documents = reads.length === 0 ? [] : await readDeclared(contexts(), reads, log);
    return handler(
      {
        ...{ task_id, task_type, payload, attempt, priority },
        ...(deadline === undefined ? {} : { deadline }),
        ...(checkpoint === undefined ? {} : { checkpoint }),
      },
      {
        signal: this.controller.signal,
        documents,
        get contexts() {
          return contexts();
        },
        log: {
          debug: (message, more) => log.debug(message, { ...fields, ...more }),
          info: (message, more) => log.info(message, { ...fields, ...more }),
          warn: (message, more) => log.warn(message, { ...fields, ...more }),
          error: (message, more) => log.error(message, { ...fields, ...more }),
        },
        progress: (share, note) => {
          log.debug('progress', { ...fields, share, ...(note === undefined ? {} : { note }) });
          onProgress?.(task_id, share, note);
        },
        checkpoint: async (value) => void (this.saved = await this.storeOutput(value)),
        used: ({ usd, tokens }) => {
          const before = this.used ?? {};
          this.used = {
            ...before,
            ...(usd === undefined ? {} : { usd: (before.usd ?? 0) + usd }),
            ...(tokens === undefined ? {} : { tokens: (before.tokens ?? 0) + tokens }),
          };
        },
      },
    );
  }

  /** The output inline, or its reference when it is large. An output that is no JSON, or too large for S3, can never succeed. */
  private async storeOutput(output: unknown): Promise<Pick<TaskResult, 'output' | 'output_ref'>> {
    if (output === undefined) return {};
    const value = toJson(output);
    const text = JSON.stringify(value);
    const bytes = Buffer.byteLength(text);
    const { deps, grant } = this.options;
    if (bytes <= (deps.s3.inlineBytesMax ?? inlineBytesMax)) return { output: value };
    if (bytes > blobBytesMax) {
      throw new TerminalError({
        code: 'too-large',
        message: `the output has ${bytes} bytes, at most ${blobBytesMax} fit`,
      });
    }
    const key = blobKey(this.assignment.task_id, hash('sha256', text));
    await deps.s3.put(grant.bucket, key, text);
    return { output_ref: { key, bytes } };
  }
}

/** What JSON makes of the handler's output: `undefined` members disappear and dates become text, as everywhere in JavaScript. */
function toJson(output: unknown) {
  try {
    const text = JSON.stringify(output) as string | undefined;
    return json.parse(text === undefined ? undefined : JSON.parse(text));
  } catch (cause) {
    throw new TerminalError({
      code: 'invalid-output',
      message: 'the handler returned something that is no JSON',
      cause,
    });
  }
}
