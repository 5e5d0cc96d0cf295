import type { SQSBatchResponse } from 'aws-lambda';
import type { LambdaHandler } from '../../src/platform/twin/lambda.ts';

/** Who hears of pulses. */
export interface PulseWatch {
  readonly now: () => number;
  readonly hasFailed: (from: number, to: number) => boolean;
  /** A pulse came to its end, and no call of it failed. */
  readonly onWhole: (began: number, ended: number) => void;
}

/** The pulse, watched. */
export function watchedPulse(handler: LambdaHandler, { now, hasFailed, onWhole }: PulseWatch): LambdaHandler {
  return async (event, context) => {
    const began = now();
    const answer = (await handler(event, context)) as SQSBatchResponse;
    if (answer.batchItemFailures.length === 0 && !hasFailed(began, now())) onWhole(began, now());
    return answer;
  };
}
