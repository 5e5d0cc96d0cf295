import { createHash } from 'node:crypto';
import { workflowOf } from '../contracts/ids.ts';
import { sqsBatchSizeMax, sqsMessageBytesMax, tasksPerMessageMax } from '../contracts/limits.ts';
import type { TaskResult } from '../contracts/messages.ts';
import type { OutgoingMessage } from './agent-ports.ts';

/** Room that the envelope of a results message takes beside its results. */
const envelopeBytesMax = 512;

/** The FIFO group of a result: one per workflow, so that its advances follow each other; else one per agent. */
function groupOf(agentId: string, taskId: string): string {
  return workflowOf(taskId)?.workflow_id ?? `agent:${agentId}`;
}

/** A results message with the results in it, so that a failed send can be given up per result. */
export interface PackedMessage {
  readonly message: OutgoingMessage;
  readonly results: readonly TaskResult[];
  readonly bytes: number;
}

function pack(pool: string, agentId: string, group: string, results: readonly TaskResult[]): PackedMessage {
  const body = JSON.stringify({ pool, agent_id: agentId, results });
  const attempts = results.map((result) => `${result.task_id}#${result.attempt}`).join(' ');
  return {
    message: { body, group, deduplication: createHash('sha256').update(`${agentId} ${attempts}`).digest('hex') },
    results,
    bytes: Buffer.byteLength(body),
  };
}

/**
 * Results as messages: grouped by workflow (or agent), at most `tasksPerMessageMax` and `sqsMessageBytesMax` a message. The
 * deduplication id names the attempts, so that a send repeated after a lost answer is dropped by the queue.
 */
export function packResults(pool: string, agentId: string, results: readonly TaskResult[]): readonly PackedMessage[] {
  const groups = Map.groupBy(results, (result) => groupOf(agentId, result.task_id));
  return [...groups].flatMap(([group, members]) => {
    const packed: PackedMessage[] = [];
    let open: TaskResult[] = [];
    let bytes = envelopeBytesMax;
    for (const result of members) {
      const size = Buffer.byteLength(JSON.stringify(result)) + 1;
      if (open.length === tasksPerMessageMax || (open.length > 0 && bytes + size > sqsMessageBytesMax)) {
        packed.push(pack(pool, agentId, group, open));
        open = [];
        bytes = envelopeBytesMax;
      }
      open.push(result);
      bytes += size;
    }
    packed.push(pack(pool, agentId, group, open));
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
