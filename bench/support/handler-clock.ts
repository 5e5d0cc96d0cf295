import type { LambdaHandler } from '../../src/platform/twin/lambda.ts';
import type { TwinClients } from '../../src/platform/twin/twin-cloud.ts';

type Send = (command: object, ...rest: unknown[]) => Promise<unknown>;

/** CPU milliseconds of this thread: other processes on a busy machine do not count, and neither does the collector's own thread. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/**
 * Measures the CPU time of handlers alone. Calls in the twin take no time, so a handler runs from its start to its end without letting
 * anybody else in, provided that handlers take turns; what its calls spend inside `send` is the fakes' work and is taken off.
 */
export function createHandlerClock() {
  let handlersMs = 0;
  let fakesMs = 0;
  let invocations = 0;
  let turn: Promise<unknown> = Promise.resolve();

  async function timed(run: () => unknown): Promise<unknown> {
    const [start, fakesBefore] = [threadCpuMs(), fakesMs];
    try {
      return await run();
    } finally {
      handlersMs += threadCpuMs() - start - (fakesMs - fakesBefore);
      invocations += 1;
    }
  }

  function watched<C extends object>(client: C): C {
    const { send } = client as unknown as { send: Send };
    const timedSend: Send = (command, ...rest) => {
      const start = threadCpuMs();
      try {
        return send.call(client, command, ...rest);
      } finally {
        fakesMs += threadCpuMs() - start;
      }
    };
    return new Proxy(client, {
      get: (target, property) => (property === 'send' ? timedSend : (Reflect.get(target, property) as unknown)),
    });
  }

  return {
    wrapHandler:
      (handler: LambdaHandler): LambdaHandler =>
      (event, context) => {
        const mine = turn.then(() => timed(() => handler(event, context)));
        turn = mine.catch(() => undefined);
        return mine;
      },
    wrapClients: (clients: TwinClients): TwinClients => ({
      dynamodb: watched(clients.dynamodb),
      sqs: watched(clients.sqs),
      eventBridge: watched(clients.eventBridge),
      sfn: watched(clients.sfn),
      s3: watched(clients.s3),
    }),
    reset: () => {
      handlersMs = 0;
      fakesMs = 0;
      invocations = 0;
    },
    read: () => ({ handlersMs, fakesMs, invocations }),
  };
}
