import * as z from 'zod';
import { contextId, defaultNamespace, namespaceName } from './names.ts';
import { agentId } from '../ids.ts';
import { watchedPlacesMax } from '../limits.ts';

export const watchRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  /** The agent whose inbox is told. Only for the principal that registered it. */
  agent_id: agentId,
  /** What it is told of: changes at and below these places, in the stead of those before. None: of nothing any more. */
  under: z.array(contextId).max(watchedPlacesMax),
});
export const watchAnswer = z.object({ agent_id: agentId, under: z.array(contextId) });
