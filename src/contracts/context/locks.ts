import * as z from 'zod';
import { pageQuery } from '../api.ts';
import { contextId, defaultNamespace, namespaceName } from './names.ts';
import { timestamp } from '../ids.ts';
import { lockSlotsMax, lockTtlMsMax } from '../limits.ts';

/** Which lock: a name in the hierarchy of the documents, whose policy guards it. Nothing need be stored there. */
const lockRef = { namespace: namespaceName.default(defaultNamespace), name: contextId };
const lockTtlMs = z.int().min(1_000).max(lockTtlMsMax);
/** Of two holders one after the other the later one has the higher token: whatever they write to should refuse a lower one than it has seen. */
const token = z.int().min(1);

export const lockRequest = z.strictObject({
  ...lockRef,
  /** The slot is free again after this time, unless it is renewed. */
  ttl_ms: lockTtlMs,
  /** Holders at once. While somebody holds it all must say the same. */
  slots: z.int().min(1).max(lockSlotsMax).default(1),
  /** A repeat with the same id gets the slot that the first call got. */
  operation_id: z.string().min(1).max(64).optional(),
});
export const lockAnswer = z.union([
  z.object({ outcome: z.literal('acquired'), token, until: timestamp }),
  /** All slots are taken; the first one may be free at this time. There is no queue: try again then. */
  z.object({ outcome: z.literal('taken'), free_at: timestamp }),
]);
export type LockAnswer = z.infer<typeof lockAnswer>;

export const renewRequest = z.strictObject({ ...lockRef, token, ttl_ms: lockTtlMs });
/** `lost`: its time is over, or it was released; somebody else may hold it. */
export const renewAnswer = z.union([
  z.object({ outcome: z.literal('renewed'), until: timestamp }),
  z.object({ outcome: z.literal('lost') }),
]);
export type RenewAnswer = z.infer<typeof renewAnswer>;

export const unlockRequest = z.strictObject({ ...lockRef, token });
export const unlockAnswer = z.object({ outcome: z.enum(['released', 'lost']) });

export const lockHolder = z.object({ token, until: timestamp, by: z.string(), operation_id: z.string() });
export type LockHolder = z.infer<typeof lockHolder>;

export const locksRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  under: contextId.optional(),
  ...pageQuery.shape,
});
/** A lock with those who hold it now. */
export const lockView = z.object({ name: contextId, slots: z.int(), holders: z.array(lockHolder) });
export type LockView = z.infer<typeof lockView>;
