import type { SQSEvent } from 'aws-lambda';
import type { DispatchHint } from '../../src/contracts/messages.ts';
import type { PoolRows } from '../../src/contracts/rows.ts';
import { dispatchTasks } from '../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import type { Runtime } from '../../src/platform/aws/deployment.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import type { VirtualClock } from '../../src/platform/twin/virtual-clock.ts';

/** How long a stray dispatcher stands still at most (ms). */
const stallMsMax = 2_500;
/** How often it repeats what a fault broke off: else most strays would end at the first throttled call, and none meet. */
const triesMax = 5;

/**
 * A dispatcher that has outlived the visibility of its message, so that it works beside those that came after it: it reads the pool, stands still, and goes on with what
 * it knew then. What it cannot do by then is lost with it.
 */
export async function stray(
  event: SQSEvent,
  { runtime, clock, random }: { readonly runtime: Runtime; readonly clock: VirtualClock; readonly random: Random },
): Promise<void> {
  const { agents } = runtime;
  let known: PoolRows | undefined;
  const read = async (name: string): Promise<PoolRows> => {
    const rows = await agents.pool(name);
    await clock.sleep(random.below(stallMsMax));
    return rows;
  };
  const hints = event.Records.map(({ body }) => JSON.parse(body) as DispatchHint);
  const hint = { pool: 'default', routes: hints.flatMap(({ routes }) => routes) };
  for (let tries = 0; tries < triesMax; tries += 1) {
    let isFirst = true;
    const pool = async (name: string): Promise<PoolRows> => {
      if (!isFirst) return read(name);
      isFirst = false;
      return (known ??= await read(name));
    };
    const isDone = await dispatchTasks({ ...runtime, agents: { ...agents, pool } }, hint).then(
      () => true,
      () => false,
    );
    if (isDone) return;
  }
}
