import * as sfn from '@aws-sdk/client-sfn';
import type { Timer, VirtualClock } from '../virtual-clock.ts';
import { StatesError } from './template.ts';

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly heartbeatMs: number | undefined;
  heartbeat: Timer | undefined;
}

/** The callback tokens that states are waiting for. */
export interface TaskTokens {
  /** Resolves with the task's output; rejects with its failure, a time-out or a missed heartbeat. */
  wait(token: string, heartbeatMs: number | undefined): Promise<unknown>;
  success(token: string | undefined, output: string | undefined): object;
  failure(token: string | undefined, error: string | undefined, cause: string | undefined): object;
  beat(token: string | undefined): object;
  /** The state stopped waiting: its token is worth nothing any more. */
  forget(token: string): void;
}

/** No tokens yet. */
export function createTaskTokens(clock: VirtualClock): TaskTokens {
  const waiting = new Map<string, Waiting>();

  function startHeartbeat(token: string, entry: Waiting): void {
    entry.heartbeat?.cancel();
    if (entry.heartbeatMs === undefined) return;
    entry.heartbeat = clock.at(clock.now() + entry.heartbeatMs, () => {
      waiting.delete(token);
      entry.reject(new StatesError('States.HeartbeatTimeout', 'The task sent no heartbeat in time'));
    });
  }

  function take(token: string | undefined): Waiting {
    const entry = waiting.get(token ?? '');
    if (entry !== undefined) return entry;
    if (!/^token-/.test(token ?? '')) {
      throw new sfn.InvalidToken({ message: 'Invalid Token', $metadata: { httpStatusCode: 400 } });
    }
    throw new sfn.TaskTimedOut({
      message: 'Task Timed Out: Provided task does not exist anymore',
      $metadata: { httpStatusCode: 400 },
    });
  }

  function end(token: string | undefined): Waiting {
    const entry = take(token);
    entry.heartbeat?.cancel();
    waiting.delete(token ?? '');
    return entry;
  }

  return {
    wait: (token, heartbeatMs) =>
      new Promise((resolve, reject) => {
        const entry: Waiting = { resolve, reject, heartbeatMs, heartbeat: undefined };
        waiting.set(token, entry);
        startHeartbeat(token, entry);
      }),
    success(token, output) {
      take(token);
      let parsed: unknown;
      try {
        parsed = JSON.parse(output ?? '');
      } catch {
        throw new sfn.InvalidOutput({ message: 'Invalid Output: not JSON', $metadata: { httpStatusCode: 400 } });
      }
      end(token).resolve(parsed);
      return {};
    },
    failure(token, error, cause) {
      end(token).reject(new StatesError(error ?? '', cause ?? ''));
      return {};
    },
    beat(token) {
      startHeartbeat(token ?? '', take(token));
      return {};
    },
    forget(token) {
      waiting.get(token)?.heartbeat?.cancel();
      waiting.delete(token);
    },
  };
}
