import * as z from 'zod';
import { contextId, namespaceName } from './context.ts';
import { declaredReadsMax } from './limits.ts';

/** Documents that a task will read, which its agent has before the work begins: one each, or those at and below a place, in the order of their paths. */
export const declaredReads = z
  .array(
    z.union([
      z.strictObject({ namespace: namespaceName.optional(), context_id: contextId }),
      z.strictObject({ namespace: namespaceName.optional(), under: contextId }),
    ]),
  )
  .max(declaredReadsMax);
export type DeclaredReads = z.infer<typeof declaredReads>;
