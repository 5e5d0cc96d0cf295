import type { QueueView } from '../contracts/distributor/agent.ts';
import type { SearchDeps } from '../context/index-ports.ts';
import type { DistributorDeps } from '../distributor/ports.ts';
import type { WorkflowDeps } from '../workflow/ports.ts';

/** How full the queues are. */
export interface QueueSizes {
  /** The deployment's queues, and these inboxes. A queue that is gone is left out. */
  list(inboxes: readonly { readonly agent_id: string; readonly url: string }[]): Promise<readonly QueueView[]>;
}

/** All that the API is given. */
export type ApiDeps = DistributorDeps & WorkflowDeps & SearchDeps & { readonly queueSizes: QueueSizes };
