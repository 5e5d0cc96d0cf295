import type { DocumentKey } from '../../../context/core/version.ts';

/** The keys of the documents' table, told in docs/protocol.md. No part of a user's choice has a `#`. */
export const documentPartition = ({ namespace, context_id }: DocumentKey) => `DOC#${namespace}#${context_id}`;
export const contextHeadKey = (key: DocumentKey) => ({ pk: documentPartition(key), sk: 'HEAD' });
export const versionPrefix = 'V#';
export const versionKey = (key: DocumentKey, version: number) => ({
  pk: documentPartition(key),
  sk: `${versionPrefix}${String(version).padStart(12, '0')}`,
});
export const operationKey = (key: DocumentKey, operation_id: string) => ({
  pk: documentPartition(key),
  sk: `OP#${operation_id}`,
});
export const conflictPrefix = 'CONFLICT#';
export const conflictKey = (key: DocumentKey, conflict_id: string) => ({
  pk: documentPartition(key),
  sk: `${conflictPrefix}${conflict_id}`,
});
export const subjectPartition = (namespace: string, subject: string) => `SUBJECT#${namespace}#${subject}`;
export const forgettingKey = (namespace: string, subject: string) => ({
  pk: `SPACE#${namespace}`,
  sk: `FORGET#${subject}`,
});
export const certificatePartition = (namespace: string) => `CERTIFICATE#${namespace}`;
export const certificateKey = (namespace: string, number: number) => ({
  pk: certificatePartition(namespace),
  sk: String(number).padStart(12, '0'),
});
export const typeVersionPrefix = (type?: string) => `TYPE#${type === undefined ? '' : `${type}#`}`;
export const typeVersionKey = (namespace: string, type: string, version: number) => ({
  pk: `SPACE#${namespace}`,
  sk: `${typeVersionPrefix(type)}${String(version).padStart(6, '0')}`,
});
export const snapshotPartition = (namespace: string) => `SNAPSHOT#${namespace}`;
export const snapshotKey = (namespace: string, name: string) => ({ pk: snapshotPartition(namespace), sk: name });
export const watcherPartition = (namespace: string) => `WATCH#${namespace}`;
export const watcherKey = (namespace: string, agent_id: string) => ({ pk: watcherPartition(namespace), sk: agent_id });
export const lockPartition = (namespace: string) => `LOCK#${namespace}`;
export const lockKey = (namespace: string, name: string) => ({ pk: lockPartition(namespace), sk: name });
export const walkKey = (namespace: string) => ({ pk: `SPACE#${namespace}`, sk: 'WALK' });
/** Which versions a task has read and written, and which tasks have read a version. A task's id has no `#`. */
export const lineagePartition = (namespace: string, task_id: string) => `TASK#${namespace}#${task_id}`;
export const lineagePrefix = { read: 'R#', wrote: 'W#' } as const;
export const readPrefix = 'READ#';
export const policyKey = (namespace: string) => ({ pk: `SPACE#${namespace}`, sk: 'POLICY' });

/** Where documents are found by: one row for each, which is there exactly while the document is. */
export const treePartition = (namespace: string) => `TREE#${namespace}`;
export const typePartition = (namespace: string, type: string) => `TYPE#${namespace}#${type}`;
export const tagPartition = (namespace: string, tag: string) => `TAG#${namespace}#${tag}`;
/** Which documents relate to this one, as rows beside it. Where its own relations lead stands on its head. */
export const edgePrefix = 'IN#';
export const relationKey = (from: DocumentKey, type: string, to: string) => ({
  pk: documentPartition({ namespace: from.namespace, context_id: to }),
  sk: `${edgePrefix}${type}#${from.context_id}`,
});

/** The changes of a namespace in the order of their time lie in so many partitions of the index. Fewer: 1,000 changes a second are the end of one. */
export const feedShards = 4;
/** Refusals and sampled reads of a day. */
export const auditPartition = (namespace: string, day: string) => `AUDIT#${namespace}#${day}`;
export const feedPartition = (namespace: string, shard: number) => `FEED#${namespace}#${String(shard)}`;
/** Heads with something due, in the order of its time, spread as the changes are. */
export const duePartition = (namespace: string, shard: number) => `DUE#${namespace}#${String(shard)}`;
/** What the index of the documents' table projects: enough to tell what changed. */
export const contextIndexedAttributes = [
  'context_id',
  'context_type',
  'version',
  'kind',
  'updated_at',
  'updated_by',
  'operation_id',
  'deleted',
] as const;
