import type { SQSEvent } from 'aws-lambda';
import type { DispatchHint } from '../../src/contracts/messages.ts';
import { dispatchTasks } from '../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import type { Runtime } from '../../src/platform/aws/runtime.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import type { VirtualClock } from '../../src/platform/twin/virtual-clock.ts';

/** How long a stray dispatcher stands still at most (ms). */
const stallMsMax = 2_500;

/**
 * A dispatcher that has outlived the visibility of its message, so that it works beside those that came after it: it reads the pool, stands still, and goes on with what
 * it knew then. What it cannot do by then is lost with it.
 */
export async function stray(
  event: SQSEvent,
  { runtime, clock, random }: { readonly runtime: Runtime; readonly clock: VirtualClock; readonly random: Random },
): Promise<void> {
  const { agents } = runtime;
  const pool = async (name: string) => {
    const rows = await agents.pool(name);
    await clock.sleep(random.below(stallMsMax));
    return rows;
  };
  const hints = event.Records.map(({ body }) => JSON.parse(body) as DispatchHint);
  const routes = hints.flatMap((hint) => hint.routes);
  await dispatchTasks({ ...runtime, agents: { ...agents, pool } }, { pool: 'default', routes });
}
