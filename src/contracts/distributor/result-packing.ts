import { workflowOf } from '../ids.ts';
import { sqsBatchSizeMax, sqsMessageBytesMax, tasksPerMessageMax } from '../limits.ts';
import type { ResultBatch, TaskResult } from '../messages.ts';

/** Room that the envelope of a results message takes beside its results. */
const envelopeBytesMax = 1024;

/** Whose results they are; `principal` only of a sender that speaks for somebody else. */
export type ResultSender = Pick<ResultBatch, 'pool' | 'agent_id'> & { readonly principal?: string };

/** The FIFO group of a result: one per workflow, so that its advances follow each other; else one per agent. */
function groupOf(agentId: string, taskId: string): string {
  return workflowOf(taskId)?.workflow_id ?? `agent:${agentId}`;
}

/** A message for results.fifo with the results in it, so that a failed send can be given up per result. */
export interface PackedMessage {
  readonly message: { readonly body: string; readonly group: string; readonly deduplication: string };
  readonly results: readonly TaskResult[];
  readonly bytes: number;
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/**
 * Results as messages: grouped by workflow (or agent), at most `tasksPerMessageMax` and `sqsMessageBytesMax` a message. The
 * deduplication id names the attempts, so that a send repeated after a lost answer is dropped by the queue. `hash` is SHA-256, hex.
 */
export function packResults(
  sender: ResultSender,
  results: readonly TaskResult[],
  hash: (text: string) => string,
): readonly PackedMessage[] {
  const pack = (group: string, packed: readonly TaskResult[]): PackedMessage => {
    const body = JSON.stringify({ ...sender, results: packed });
    const attempts = packed.map((result) => `${result.task_id}#${result.attempt}`).join(' ');
    const deduplication = hash(`${sender.agent_id} ${attempts}`);
    return { message: { body, group, deduplication }, results: packed, bytes: bytesOf(body) };
  };
  const groups = Map.groupBy(results, (result) => groupOf(sender.agent_id, result.task_id));
  return [...groups].flatMap(([group, members]) => {
    const packed: PackedMessage[] = [];
    let open: TaskResult[] = [];
    let bytes = envelopeBytesMax;
    for (const result of members) {
      const size = bytesOf(JSON.stringify(result)) + 1;
      if (open.length === tasksPerMessageMax || (open.length > 0 && bytes + size > sqsMessageBytesMax)) {
        packed.push(pack(group, open));
        open = [];
        bytes = envelopeBytesMax;
      }
      open.push(result);
      bytes += size;
    }
    packed.push(pack(group, open));
    return packed;
  });
}

/** Messages as SendMessageBatch calls: at most 10 entries and, together, `sqsMessageBytesMax` a call (SQS counts both). */
export function packCalls(messages: readonly PackedMessage[]): readonly (readonly PackedMessage[])[] {
  const calls: PackedMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const last = calls.at(-1);
    if (last === undefined || last.length === sqsBatchSizeMax || bytes + message.bytes > sqsMessageBytesMax) {
      calls.push([message]);
      bytes = message.bytes;
    } else {
      last.push(message);
      bytes += message.bytes;
    }
  }
  return calls;
}
